"""Whether an entry has the form that the table of entry kinds declares for it."""

from __future__ import annotations

from collections.abc import Mapping

from edge.model.entry_kinds import BY_KIND

REPAIRS = "repairs"
"""A body of any kind may have this key: the record is sent again with its long texts cut, and this
is the SHA-256 of the whole record (`edge.store.poison`)."""


def problem(kind: str, body: Mapping[str, object]) -> str | None:
    """Return why a body does not fit the row of its kind, None when it does.

    What a body says is not repeated: it may be about a patient.
    """
    row = BY_KIND.get(kind)
    if row is None:
        return f"no kind {kind!r}"
    known = {field.name: field for field in row.body}
    for name, value in body.items():
        if name == REPAIRS:
            continue
        if name not in known:
            return f"{kind}: {name} is not declared"
        if not known[name].type.fits(value):
            return f"{kind}: {name} is not {known[name].type.words}"
    missing = [name for name, field in known.items() if field.required and name not in body]
    return f"{kind}: {', '.join(missing)} missing" if missing else None
