"""The tables of docs/journal.md, made from `edge.model.entry_kinds`."""

from __future__ import annotations

from edge.model.body_types import BodyField
from edge.model.entry_kinds import BY_KIND, ENTRY_KINDS, KindRow


def kinds() -> str:
    """Return a line for each kind: what it tells, its lane, the hospital's part, whose key."""
    lines = ["| kind | an entry tells that | lane | hospital | personal part, by whose key |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [
        f"| [`{row.kind}`](#{row.kind}) | {row.says} | `{row.lane}` | {row.at_hospital} |"
        f" {_sealed(row)} |"
        for row in ENTRY_KINDS
    ]
    return "\n".join(lines)


def bodies() -> str:
    """Return a section with the body of each kind."""
    return "\n\n".join(f"### {row.kind}\n\n{row.says}\n\n{body(row.kind)}" for row in ENTRY_KINDS)


def body(kind: str) -> str:
    """Return the body of one kind, a line for each key."""
    lines = ["| key | type | | |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_line, BY_KIND[kind].body)])


def _line(field: BodyField) -> str:
    marks = [*(["needed"] if field.required else []), *(["personal"] if field.personal else [])]
    return f"| `{field.name}` | {field.type.words} | {', '.join(marks)} | {field.says} |"


def _sealed(row: KindRow) -> str:
    if not row.personal:
        return ""
    names = " ".join(f"`{name}`" for name in row.personal)
    own = row.subject is None
    return f"{names}: {'a key of the entry' if own else f'the key of the `{row.subject}`'}"
