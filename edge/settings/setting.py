"""A setting: one row that says its key, its default, what it may be, and who may change it.

The rows are the fields of a dataclass, so that the type checker knows each setting:

    kiosk_port: int = setting("kiosk.port", 8600, most=HIGHEST_PORT)

Nothing else in the product repeats a key, a default or a bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, get_type_hints

from edge.model import languages
from edge.settings.toml_table import Section


@dataclass(frozen=True, slots=True)
class Remote:
    """What the hospital may set through the feed: `words` for people; bounds of a whole number.

    `longest`: it is a text of at most so many characters.
    """

    words: str
    least: int = 0
    most: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key "table.name", what its value may be, and whether it is `remote`."""

    key: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    filled: bool = False
    remote: Remote | None = None


def setting(  # noqa: PLR0913 - one argument a column of the table
    key: str,
    default: object = MISSING,
    *,
    choices: tuple[str, ...] = (),
    least: int = 0,
    most: int | None = None,
    filled: bool = False,
    remote: Remote | None = None,
) -> Any:
    """Return the dataclass field of a setting; without a default the file must have it.

    `choices` are the texts allowed, `least` and `most` bound a number (each whole number
    needs them; a text with them is a decimal number), a `filled` list has at least one text.
    """
    row = Setting(key, choices, least, most, filled, remote)
    return field(default=default, metadata={"setting": row})


def rows(settings: type[Any]) -> dict[str, Setting]:
    """Return the settings of a dataclass by the names of its fields."""
    return {f.name: f.metadata["setting"] for f in fields(settings) if "setting" in f.metadata}


def read(settings: type[Any], raw: Mapping[str, object], wrong: type[Exception]) -> dict[str, Any]:
    """Return every setting's value from a parsed TOML file; raises `wrong`, naming the key."""
    kinds = get_type_hints(settings)
    defaults = {f.name: None if f.default is MISSING else f.default for f in fields(settings)}
    tables = {row.key.partition(".")[0] for row in rows(settings).values()}
    sections = {name: Section(raw, name, wrong) for name in sorted(tables)}
    values = {}
    for name, row in rows(settings).items():
        table, _, key = row.key.partition(".")
        values[name] = _value(sections[table], key, row, (kinds[name], defaults[name]))
    return values


def unknown(settings: type[Any], raw: Mapping[str, object], also: Iterable[str]) -> list[str]:
    """Return the keys of a parsed TOML file that are no setting and not among `also`."""
    known = {row.key for row in rows(settings).values()} | set(also)
    written = [
        f"{table}.{key}" if isinstance(inside, dict) else table
        for table, inside in raw.items()
        for key in (inside if isinstance(inside, dict) else [""])
    ]
    return [key for key in written if key not in known]


def _value(section: Section, key: str, row: Setting, form: tuple[Any, Any]) -> object:
    kind, default = form
    if kind is bool:
        return section.flag(key, default=default)
    if kind is int:
        assert row.most is not None, f"{row.key} needs a bound"
        return section.number(key, default, row.least, row.most)
    if kind is str and row.most is not None:
        return section.decimal(key, default, row.least, row.most)
    if kind is str:
        return (
            section.choice(key, default, row.choices) if row.choices else section.text(key, default)
        )
    if kind == str | None:
        return section.text(key, default or "") or None
    return section.texts(key, default, int(row.filled), row.choices)


def table(settings: type[Any]) -> str:
    """Return the settings of a dataclass as a Markdown table, for docs/settings.md (cog)."""
    lines = ["| setting | default | may be | by the hospital |", "|---|---|---|---|"]
    for name, row in rows(settings).items():
        default = next(f.default for f in fields(settings) if f.name == name)
        lines.append(f"| `{row.key}` | {_default(default)} | {_allowed(row)} | {_from_afar(row)} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is MISSING:
        return "must be set"
    return "" if value in (None, "") else f"`{json.dumps(value)}`"


def _allowed(row: Setting) -> str:
    if row.choices == languages.CODES:
        return "a code of `LANGUAGES`"  # one more language changes no page
    if row.choices:
        return ", ".join(row.choices)
    return "" if row.most is None else f"{row.least} to {row.most}"


def _from_afar(row: Setting) -> str:
    if row.remote is None:
        return ""
    bounds = f", {row.remote.least} to {row.remote.most}" if row.remote.most else ""
    bounds += f", at most {row.remote.longest} characters" if row.remote.longest else ""
    return f"{row.remote.words}{bounds}"
