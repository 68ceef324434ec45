"""The site's list of medicines, read and checked from a data file; a bad file names its place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FILE = "medicines.toml"
"""A site's own list in its home takes the place of the one that comes with the product."""

TRIMESTERS = frozenset({1, 2, 3})


class MedicinesError(Exception):
    """The list of medicines cannot be used; the text says which row and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRow:
    """For whom a dose is, and how much; bounds are at least `from`, less than `below`."""

    from_kg: Decimal | None = None
    below_kg: Decimal | None = None
    from_days: int | None = None
    below_days: int | None = None
    per_kg: Decimal | None = None
    amount: Decimal | None = None
    unit: str
    step: Decimal
    most: Decimal
    how_often: str

    @property
    def needs_weight(self) -> bool:
        """Whether the row cannot be chosen or computed without a weight."""
        return not (self.per_kg is None and self.from_kg is None and self.below_kg is None)

    @property
    def needs_age(self) -> bool:
        """Whether the row cannot be chosen without an age."""
        return not (self.from_days is None and self.below_days is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """One medicine. `classes` are words by which an allergy or another medicine speaks against it.

    `not_pregnant` are the trimesters in which it is stopped; `from_days`, `below_days` the ages for
    which it is. `signed` is the clinician who vouches for the row, "" while it is an example.
    """

    word: str
    label: str
    form: str
    classes: tuple[str, ...]
    source: str
    signed: str = ""
    from_days: int | None = None
    below_days: int | None = None
    not_pregnant: frozenset[int] = frozenset()
    doses: tuple[DoseRow, ...] = ()


Medicines = Mapping[str, Medicine]


def of_home(home: Path) -> Medicines:
    """Return the site's own list, or the one of the product; raises `MedicinesError` in words."""
    own = home / FILE
    if not own.exists():
        return shipped()
    return _read_own(own, own.stat().st_mtime_ns)


@cache
def shipped() -> Medicines:
    """Return the list that comes with the product: examples that a clinician must sign."""
    return parse((files(__package__) / FILE).read_text(encoding="utf-8"))


def texts() -> tuple[str, ...]:
    """Return what of the product's list the kiosk translates."""
    rows = shipped().values()
    said = [row.label for row in rows] + [one.how_often for row in rows for one in row.doses]
    return tuple(dict.fromkeys(said))


def parse(text: str) -> Medicines:
    """Return the medicines of a TOML text; raises `MedicinesError` naming the row."""
    try:
        rows = tomllib.loads(text).get("medicine", [])
    except tomllib.TOMLDecodeError as error:
        raise MedicinesError(f"the list of medicines is not written as TOML: {error}") from error
    found: dict[str, Medicine] = {}
    for row in rows:
        word = str(row.get("word", "?")) if isinstance(row, dict) else "?"
        try:
            medicine = _medicine(row)
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
            raise MedicinesError(f"medicine {word!r}: {_why(error)}") from error
        if medicine.word in found:
            raise MedicinesError(f"medicine {word!r} stands there twice")
        found[medicine.word] = medicine
    return found


@cache
def _read_own(path: Path, _changed: int) -> Medicines:
    return parse(path.read_text(encoding="utf-8"))


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error) if type(error) is ValueError else "a value has the wrong form"


def _medicine(row: Mapping[str, Any]) -> Medicine:
    if not str(row["source"]).strip():
        raise ValueError("no source is cited")
    said = str(row.get("not_pregnant", ""))
    trimesters = TRIMESTERS if said == "always" else frozenset(map(int, said.split()))
    if not trimesters <= TRIMESTERS:
        raise ValueError("not_pregnant is always, or some of 1 2 3")
    return Medicine(
        word=str(row["word"]),
        label=str(row["label"]),
        form=str(row["form"]),
        classes=tuple(str(word).casefold() for word in row["classes"]),
        source=str(row["source"]),
        signed=str(row.get("signed", "")),
        from_days=row.get("from_days"),
        below_days=row.get("below_days"),
        not_pregnant=trimesters,
        doses=tuple(_dose(one) for one in row.get("dose", ())),
    )


def _dose(row: Mapping[str, Any]) -> DoseRow:
    known = {
        key: Decimal(row[key])
        for key in ("from_kg", "below_kg", "per_kg", "amount", "step", "most")
        if key in row
    }
    days = {key: int(row[key]) for key in ("from_days", "below_days") if key in row}
    dose = DoseRow(**known, **days, unit=str(row["unit"]), how_often=str(row["how_often"]))  # type: ignore[arg-type]
    if (dose.per_kg is None) == (dose.amount is None):
        raise ValueError("a dose has either per_kg or amount")
    if not 0 < dose.step <= dose.most:
        raise ValueError("step is more than 0 and at most `most`")
    if dose.amount is not None and dose.amount > dose.most:
        raise ValueError("amount is more than `most`")
    return dose
