"""Pages that only staff may open, and the draft of a form whose author's session has ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask.typing import ResponseReturnValue

from edge.model.errors import NotFound
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts
from web.guard import signed_in_only, to_sign_in

P = ParamSpec("P")

_SIGN_IN = "sign_in.choose"


class TechnicianOnly(Exception):
    """Somebody who is signed in asked for a page of the technician's."""


def staff_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view run only for somebody who is signed in; others are sent to the PIN pad."""
    return signed_in_only(view, context.session, _SIGN_IN)


def staff_form(
    typed: Callable[P, Draft],
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """As `staff_only`, for a form: what is sent after its author's session ended is kept for them.

    `typed` says what was typed and on which page; the author comes back to it by signing in.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if context.session() is not None:
                return view(*args, **kwargs)
            try:
                draft = typed(*args, **kwargs)
            except NotFound:
                return to_sign_in(_SIGN_IN)
            form_drafts.rescue(draft)
            return to_sign_in(_SIGN_IN, draft.path)

        return guarded

    return decorate
