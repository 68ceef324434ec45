"""When something fails: one plain sentence, and nothing typed is lost."""

from __future__ import annotations

from flask import render_template, request

from edge.model.errors import (
    ActionRefused,
    DiskFault,
    DiskFull,
    NotFound,
    PepperError,
    StoreError,
    StoreRefused,
)
from kiosk_ui.guard import TechnicianOnly
from kiosk_ui.sentences import issue_texts
from kiosk_ui.wording import N_, ltr, t
from web.failure import Failure, Sentences

_NO_STORE = N_("The box cannot reach its own records just now. Try again, or call the technician.")
_NO_PAGE = N_("There is no such page. Go to the start.")


def _newest_copy(error: Exception) -> str:
    return error.copy if isinstance(error, StoreRefused) else ""


SENTENCES = Sentences(
    by_code={
        403: N_("This page was open for too long. Go to the start and try again."),
        404: _NO_PAGE,
        405: _NO_PAGE,
        413: N_("That was too much at once."),
    },
    otherwise=N_("Something went wrong in the box. Try again, or call the technician."),
    failures=(
        Failure(DiskFull, 507, issue_texts.DISK_FULL),
        Failure(DiskFault, 503, issue_texts.DISK_FAULT),
        Failure(
            StoreRefused,
            503,
            N_(
                "The records of this box are missing, or belong to another box. Nothing is kept"
                " until they are back. Call the technician."
            ),
            _newest_copy,
        ),
        Failure(
            StoreError,
            503,
            N_("The box cannot reach its own records just now. Try again, or call the technician."),
        ),
        Failure(
            PepperError,
            503,
            N_(
                "The box cannot check PINs, because a file of its own is damaged. Call the"
                " technician."
            ),
        ),
        Failure(TechnicianOnly, 403, N_("This page is for the technician.")),
        Failure(NotFound, 404, _NO_PAGE),
        Failure(ActionRefused, 409, N_("Somebody has already dealt with this.")),
    ),
)
"""The sentence for each failure, before translation."""

_SECRET = frozenset({"pin"})


def page(sentence: str, code: int, copy: str) -> str:
    """Return the page; it offers to send a form again when the fault is the box's own.

    It does not touch the store, which may be what has failed. `copy` names the newest copy of a
    store that is gone.
    """
    again = code >= 500 and request.method == "POST" and "HX-Request" not in request.headers
    kept = [(k, v) for k, v in request.form.items() if k not in _SECRET] if again else []
    return render_template(
        "failure.html", sentence=t(sentence), again=again, kept=kept, copy=copy and ltr(copy)
    )
