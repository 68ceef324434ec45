"""Values that a worker can type, and how typed text becomes values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.model import units
from edge.model.reading import Code, Kind, Measurement, Value
from kiosk_ui import typed_numbers
from kiosk_ui.wording import N_


@dataclass(frozen=True, slots=True)
class Box:
    """One box to type into: which value, in which units (UCUM, the first is the usual one)."""

    code: Code
    units: tuple[str, ...]
    size: int = 4


@dataclass(frozen=True, slots=True)
class TypedEntry:
    """One act of measuring that can be typed."""

    kind: Kind
    boxes: tuple[Box, ...]


ENTRIES = (
    TypedEntry(
        Kind.BLOOD_PRESSURE,
        (Box(Code.SYSTOLIC, ("mm[Hg]",), 3), Box(Code.DIASTOLIC, ("mm[Hg]",), 3)),
    ),
    TypedEntry(Kind.TEMPERATURE, (Box(Code.TEMPERATURE, ("Cel", "[degF]")),)),
    TypedEntry(Kind.HEART_RATE, (Box(Code.PULSE, ("/min",), 3),)),
    TypedEntry(Kind.OXIMETRY, (Box(Code.SPO2, ("%",), 3),)),
    TypedEntry(Kind.RESPIRATORY_RATE, (Box(Code.RESPIRATORY_RATE, ("/min",), 3),)),
    TypedEntry(Kind.WEIGHT, (Box(Code.WEIGHT, ("kg", "[lb_av]")),)),
    TypedEntry(Kind.HEIGHT, (Box(Code.HEIGHT, ("cm",)),)),
    TypedEntry(Kind.GLUCOSE, (Box(Code.GLUCOSE_MMOL_L, ("mmol/L", "mg/dL")),)),
    TypedEntry(Kind.HAEMOGLOBIN, (Box(Code.HAEMOGLOBIN, ("g/dL", "g/L")),)),
    TypedEntry(Kind.MUAC, (Box(Code.MUAC, ("mm", "cm")),)),
    TypedEntry(Kind.HEAD_CIRCUMFERENCE, (Box(Code.HEAD_CIRCUMFERENCE, ("cm",)),)),
)
"""In the order in which a worker usually goes."""

_KEPT = {"[degF]": "Cel", "[lb_av]": "kg"}
"""Units that are reckoned into those of the rules when a number is recorded."""

_BY_UNIT = {(Code.GLUCOSE_MMOL_L, "mg/dL"): Code.GLUCOSE_MG_DL}

MISSING = N_("Enter a number.")
MISSING_SECOND = N_("Enter both numbers.")
UNREADABLE = N_("This is not a number. Use digits and one decimal point.")


@dataclass(frozen=True, slots=True)
class TypedRow:
    """An entry with what stands in its boxes and what is wrong; `doubt` asks to press again."""

    entry: TypedEntry
    texts: tuple[str, ...]
    unit: str
    problem: object = None
    doubt: object = None


def find(kind: str) -> TypedEntry | None:
    """Return the entry of a kind, or None."""
    return next((e for e in ENTRIES if e.kind == kind), None)


def blank(entry: TypedEntry, unit: str = "") -> TypedRow:
    """Return the row with nothing typed, in the unit that was used last."""
    return read_row(entry, {"unit": unit})


def read_row(entry: TypedEntry, form: Mapping[str, str]) -> TypedRow:
    """Return the row as it was typed."""
    texts = tuple(form.get(f"v{i}", "")[:40] for i in range(len(entry.boxes)))
    unit = form.get("unit", "")
    usual = entry.boxes[0].units
    return TypedRow(entry, texts, unit if unit in usual else usual[0])


def begun(entry: TypedEntry, fields: Mapping[str, str]) -> TypedRow:
    """Return the row as a draft has it: its fields are named "kind.v0"."""
    prefix = f"{entry.kind.value}."
    return read_row(
        entry, {k.removeprefix(prefix): v for k, v in fields.items() if k.startswith(prefix)}
    )


def draft_fields(row: TypedRow) -> dict[str, str]:
    """Return the row as fields of a draft; nothing when its boxes are empty."""
    if not any(text.strip() for text in row.texts):
        return {}
    kind = row.entry.kind.value
    texts = {f"{kind}.v{i}": text for i, text in enumerate(row.texts)}
    return {**texts, f"{kind}.unit": row.unit}


def measured(row: TypedRow) -> Measurement | str:
    """Return what was measured, or what is wrong with the text (for translation)."""
    empty = [not text.strip() for text in row.texts]
    if any(empty):
        return MISSING if all(empty) else MISSING_SECOND
    values = []
    for box, text in zip(row.entry.boxes, row.texts, strict=True):
        number = typed_numbers.number(text)
        if number is None:
            return UNREADABLE
        unit = row.unit if row.unit in box.units else box.units[0]
        value = Value(_BY_UNIT.get((box.code, unit), box.code), number, unit)
        values.append(units.in_unit(value, _KEPT.get(unit, unit)))
    return Measurement(row.entry.kind, tuple(values))
