"""Drafts of forms: what somebody typed and left is kept until they sign in again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from flask import request
from markupsafe import Markup

from edge.model.errors import NotFound, StoreError
from edge.patients import register
from edge.staff import drafts, staff
from edge.staff.drafts import Draft
from kiosk_ui import context
from kiosk_ui.wording import N_, own_words, t

log = logging.getLogger("kiosk_ui")


def keep(draft: Draft) -> None:
    """Keep what the person who is signed in has typed."""
    _keep(context.worker().staff.id, draft)


def stored(form: str) -> dict[str, str]:
    """Return what this person had typed into a form; nothing when there is none."""
    found = drafts.get(context.store(), context.now(), context.worker().staff.id, form)
    return found.fields if found else {}


def forget(form: str) -> None:
    """Forget a form that has been recorded or given up."""
    try:
        drafts.forget(context.store(), context.worker().staff.id, form)
    except StoreError as error:
        log.warning("a draft stays: %s", error)


def rescue(draft: Draft) -> None:
    """Keep what was sent after its author's session had ended, for that author only."""
    token = request.cookies.get(context.COOKIE, "")
    author = staff.whose(context.store(), token, request.form.get("csrf", ""))
    if author is None:
        return
    earlier = drafts.get(context.store(), context.now(), author, draft.form)
    # A row of a page is sent alone; what stands in the other rows was kept before.
    merged = {**earlier.fields, **draft.fields} if earlier else draft.fields
    _keep(author, replace(draft, fields=merged))


def path_of(staff_id: str) -> str | None:
    """Return the page with the form that this person left last, or None."""
    found = drafts.newest(context.store(), context.now(), staff_id)
    return found.path if found else None


@dataclass(frozen=True, slots=True)
class LeftForm:
    """A form that was begun and left: what it is, about whom, and its page."""

    what: Markup
    name: Markup
    path: str


def left() -> list[LeftForm]:
    """Return what the person who is signed in has begun and not finished, the last first."""
    found = drafts.of_person(context.store(), context.now(), context.worker().staff.id)
    return [_left(draft) for draft in found]


def _left(draft: Draft) -> LeftForm:
    kind, _, patient_id = draft.form.partition("/")
    try:
        name = register.get(context.store(), patient_id).name
    except NotFound:
        name = draft.fields.get("name", "")
    return LeftForm(t(_KINDS.get(kind, _KINDS["register"])), own_words(name), draft.path)


_KINDS = {
    "typed": N_("Typed and not recorded"),
    "note": N_("What is written down"),
    "paper": N_("A visit from paper"),
    "test": N_("Test read by eye"),
    "medicine": N_("Medicines"),
    "register": N_("New patient"),
    "correct": N_("Correct the details"),
    "referral": N_("Refer to another place"),
    "report": N_("Report of the month"),
    "background": N_("Allergies and medicines"),
}
"""What a form is called, by the first word of its draft's name."""


def _keep(staff_id: str, draft: Draft) -> None:
    try:
        drafts.keep(context.store(), context.now(), staff_id, draft)
    except StoreError as error:  # the page works without the draft
        log.warning("a draft was not kept: %s", error)
