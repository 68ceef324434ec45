"""Sentences for what `InvalidForm` says of each field, for whoever types a verb."""

from __future__ import annotations

from edge.model.errors import InvalidForm

_FIELDS = {"pin": "the PIN", "name": "the name", "role": "the role"}
_KINDS = {
    "required": "is missing",
    "too-long": "is too long",
    "unknown": "is not known",
    "taken": "is taken already",
}
_OWN = {
    ("pin", "format"): "a PIN has six digits",
    ("pin", "trivial"): "this PIN is too easy to guess: its digits must not repeat or count",
    ("name", "taken"): "somebody of this name works here already: tell them apart",
}


def form_words(error: InvalidForm) -> str:
    """Return one sentence for all that is wrong with a form."""
    return "; ".join(_word(field, kind) for field, kind in error.fields.items())


def _word(field: str, kind: str) -> str:
    own = _OWN.get((field, kind))
    return own or f"{_FIELDS.get(field, field)} {_KINDS.get(kind, 'has a wrong form')}"
