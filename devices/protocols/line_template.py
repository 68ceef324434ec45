r"""A driver that a technician writes: one text line a result, taken apart by a regular expression.

For the long tail of scales and stations that print a line. A template is a TOML text:

    maker = "Thai Scale"
    name = "Height and weight kiosk"
    kind = "weight"
    line = "9600 8N1"
    pattern = 'W:(?P<weight>\d{1,3}\.\d) H:(?P<height>\d{2,3}\.\d)'
    sample = "W:65.4 H:170.2"

    [values.weight]
    code = "29463-7"
    unit = "kg"

    [values.height]
    code = "8302-2"
    unit = "cm"

Each named group is a value, with a `factor` when the device means another unit; or, named in
`valid = { status = ["ST"] }`, must hold one of some words; or, with `time = "%Y-%m-%d %H:%M"`, is
the group `time`; or, with `checksum = "sum8"` or "xor8", the groups `checked` and `sum`. The sample
is the template's own test: it must give all values. Without a checksum a person compares the value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from devices.driver import Event, LineSettings, SerialProtocol
from devices.model import Model
from devices.protocols.framing import StepDecoder, error, lines, sum8, wall_clock, xor8
from edge.model.reading import UNCHECKED, Code, Kind, Measurement, Value
from edge.settings.toml_table import place_of

PREFIX = "template:"
"""Before the name of a template, where else the model of a port stands."""

LONGEST_LINE = 256
LONGEST_PATTERN = 400
MOST_VALUES = 8

UNITS: Mapping[str, frozenset[str]] = {
    Code.SYSTOLIC: frozenset({"mm[Hg]"}),
    Code.DIASTOLIC: frozenset({"mm[Hg]"}),
    Code.MEAN_PRESSURE: frozenset({"mm[Hg]"}),
    Code.PULSE: frozenset({"/min"}),
    Code.RESPIRATORY_RATE: frozenset({"/min"}),
    Code.SPO2: frozenset({"%"}),
    Code.PERFUSION_INDEX: frozenset({"%"}),
    Code.BODY_FAT: frozenset({"%"}),
    Code.TEMPERATURE: frozenset({"Cel"}),
    Code.WEIGHT: frozenset({"kg"}),
    Code.HEIGHT: frozenset({"cm"}),
    Code.BMI: frozenset({"kg/m2"}),
    Code.GLUCOSE_MG_DL: frozenset({"mg/dL"}),
    Code.GLUCOSE_MMOL_L: frozenset({"mmol/L"}),
    Code.HAEMOGLOBIN: frozenset({"g/dL", "g/L"}),
    Code.CHOLESTEROL: frozenset({"mg/dL"}),
    Code.URIC_ACID: frozenset({"mg/dL"}),
}
"""What a template may measure, and in which UCUM units the box keeps it."""

_SUMS: Mapping[str, Callable[[bytes], int]] = {"sum8": sum8, "xor8": xor8}
_LINE = re.compile(r"(\d{3,6}) ([78])([NEO])([12])")
_NUMBER = re.compile(r"[+-]?\d{1,6}(?:[.,]\d{1,4})?")
_ENDLESS = re.compile(r"\((?:[^()\\]|\\.)*(?<!\\)[+*](?:[^()\\]|\\.)*\)(?:[+*]|\{\d*,\})")
"""A repetition of a repetition can take for ever on a line that nearly fits."""


class TemplateError(ValueError):
    """The template cannot be used; the text says what is wrong with which key."""


@dataclass(frozen=True, slots=True)
class Field:
    """A named group that is a value."""

    group: str
    code: str
    unit: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template: the model and the protocol that it stands for."""

    model: Model
    protocol: SerialProtocol
    sample: Measurement


def load(name: str, text: str) -> Template:
    """Check a template; raises `TemplateError`."""
    try:
        raw = tomllib.loads(text)
    except ValueError as wrong:
        raise TemplateError(f"{name}: this is no TOML{place_of(wrong)}") from None
    try:
        return _checked(name, raw)
    except TemplateError as wrong:
        raise TemplateError(f"{name}: {wrong}") from None


@dataclass(frozen=True, slots=True)
class _Grammar:
    pattern: re.Pattern[str]
    kind: Kind
    fields: tuple[Field, ...]
    valid: Mapping[str, frozenset[str]]
    time: str
    checksum: str

    def understand(self, line: str) -> tuple[Event, ...]:
        match = self.pattern.fullmatch(line.strip())
        if match is None:
            return (error("malformed"),)
        if self.checksum and not self._is_sound(match):
            return (error("bad_checksum"),)
        if any(match[group] not in words for group, words in self.valid.items()):
            return (Event("status", {"text": line}),)
        return (Event("reading", match.groupdict()),)

    def measured(self, event: Event) -> Measurement | None:
        if event.name != "reading":
            return None
        found = [_value(field, event.fields.get(field.group)) for field in self.fields]
        values = tuple(value for value in found if value is not None)
        if not values:
            return None
        quality = () if self.checksum else (UNCHECKED,)
        return Measurement(self.kind, values, device_time=self._clock(event), quality=quality)

    def _clock(self, event: Event) -> datetime | None:
        text = event.fields.get("time")
        return wall_clock(text, self.time) if self.time and isinstance(text, str) else None

    def _is_sound(self, match: re.Match[str]) -> bool:
        text = match["sum"].upper()
        return f"{_SUMS[self.checksum](match['checked'].encode('latin-1')):02X}" == text


def _value(field: Field, text: object) -> Value | None:
    """Numbers that are no numbers ("----", blanks) are no values."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text.strip()):
        return None
    number = Decimal(text.strip().replace(",", ".")) * field.factor
    return Value(field.code, number, field.unit) if number > 0 else None


# --- checking -----------------------------------------------------------------------------------


def _checked(name: str, raw: Mapping[str, object]) -> Template:
    grammar = _grammar(raw)
    sample = _sample(grammar, _text(raw, "sample"))
    maker, title = _text(raw, "maker"), _text(raw, "name")
    protocol = SerialProtocol(
        name=PREFIX + name,
        title=f"{maker} {title}",
        lines=(_line(_text(raw, "line")),),
        decoder=lambda: StepDecoder(lines(grammar.understand, LONGEST_LINE)),
        measured=grammar.measured,
        experimental=True,
    )
    model = Model(title, maker, "Template of this site", (grammar.kind,), "serial", PREFIX + name)
    return Template(model, protocol, sample)


def _grammar(raw: Mapping[str, object]) -> _Grammar:
    pattern = _pattern(_text(raw, "pattern"))
    kinds = {kind.value: kind for kind in Kind}
    kind = _text(raw, "kind")
    if kind not in kinds:
        raise TemplateError(f"kind is {kind!r}; choose one of {', '.join(kinds)}")
    checksum = _text(raw, "checksum", "")
    if checksum and checksum not in _SUMS:
        raise TemplateError(f"checksum is {checksum!r}; choose one of {', '.join(_SUMS)}")
    grammar = _Grammar(
        pattern, kinds[kind], _fields(raw), _valid(raw), _text(raw, "time", ""), checksum
    )
    _check_groups(grammar)
    return grammar


def _check_groups(grammar: _Grammar) -> None:
    needed = [field.group for field in grammar.fields] + list(grammar.valid)
    needed += ["time"] * bool(grammar.time) + ["checked", "sum"] * bool(grammar.checksum)
    for group in needed:
        if group not in grammar.pattern.groupindex:
            raise TemplateError(f"pattern has no group (?P<{group}>...)")
    unused = set(grammar.pattern.groupindex) - set(needed)
    if unused:
        raise TemplateError(f"nothing says what the group {sorted(unused)[0]!r} is for")


def _pattern(text: str) -> re.Pattern[str]:
    if len(text) > LONGEST_PATTERN:
        raise TemplateError(f"pattern is longer than {LONGEST_PATTERN} characters")
    if _ENDLESS.search(text):
        raise TemplateError("pattern repeats a repetition, which may take for ever")
    try:
        return re.compile(text, re.ASCII)
    except (re.error, RecursionError, OverflowError) as wrong:
        raise TemplateError(f"pattern is no regular expression: {wrong}") from None


def _fields(raw: Mapping[str, object]) -> tuple[Field, ...]:
    rows = raw.get("values")
    if not isinstance(rows, dict) or not 0 < len(rows) <= MOST_VALUES:
        raise TemplateError(f"values must be 1 to {MOST_VALUES} tables, [values.GROUP]")
    return tuple(_field(group, row) for group, row in rows.items())


def _field(group: str, row: object) -> Field:
    if not isinstance(row, dict):
        raise TemplateError(f"values.{group} must be a table")
    code, unit = _text(row, "code"), _text(row, "unit")
    if code not in UNITS:
        raise TemplateError(f"values.{group}: the box keeps no value of the LOINC code {code!r}")
    if unit not in UNITS[code]:
        allowed = ", ".join(sorted(UNITS[code]))
        raise TemplateError(f"values.{group}: the unit is {unit!r}; it must be {allowed}")
    return Field(group, str(Code(code)), unit, _factor(group, _text(row, "factor", "1")))


def _factor(group: str, text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation:
        factor = Decimal(0)
    if not factor.is_finite() or factor <= 0:
        raise TemplateError(f'values.{group}: factor must be a text like "0.1"')
    return factor


def _valid(raw: Mapping[str, object]) -> Mapping[str, frozenset[str]]:
    rows = raw.get("valid", {})
    if not isinstance(rows, dict) or not all(isinstance(row, list) for row in rows.values()):
        raise TemplateError("valid must give a list of words for each group")
    return {group: frozenset(str(word) for word in row) for group, row in rows.items()}


def _line(text: str) -> LineSettings:
    match = _LINE.fullmatch(text)
    if match is None:
        raise TemplateError(f'line is {text!r}; write it like "9600 8N1"')
    return LineSettings(int(match[1]), int(match[2]), match[3], int(match[4]))


def _sample(grammar: _Grammar, sample: str) -> Measurement:
    """The sample must be understood, and give every value."""
    (event,) = grammar.understand(sample)
    if event.name == "error":
        raise TemplateError(f"the sample is not understood: {event.fields['kind']}")
    found = grammar.measured(event)
    if found is None:
        raise TemplateError("the sample gives no value")
    missing = {field.code for field in grammar.fields} - {value.code for value in found.values}
    if missing:
        raise TemplateError(f"the sample gives no value for {', '.join(sorted(missing))}")
    return found


def _text(raw: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = raw.get(key, default)
    if not isinstance(value, str):
        raise TemplateError(f"{key} must be a text" if key in raw else f"{key} is missing")
    return value
