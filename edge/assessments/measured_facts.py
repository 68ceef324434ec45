"""The facts that were measured: the newest value of each, which reading it is from, and how old.

Not counted: readings that were taken back, that hardly any body has and nobody has confirmed, or
that may be an earlier value sent again as long as nobody said so. A value beyond a device's range
(">33.3") is a range, so that the most dangerous readings never vanish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from edge.assessments.cause import Cause, day_of
from edge.model import units
from edge.model.entry import Body, Entry
from edge.model.reading import IMPROBABLE, PERHAPS_SAME, Code, Kind, Value
from edge.model.reading_body import coded_of, values_of
from edge.store import journal
from edge.store.store import Row, Store

LOOKED_AT = 60
"""So many of the newest readings of a person are looked through."""

_HB_OF_G_DL = Decimal(10)
_MM_OF_CM = Decimal(10)

NAMES: Final[Mapping[str, str]] = {
    Code.SYSTOLIC: "sbp",
    Code.DIASTOLIC: "dbp",
    Code.PULSE: "hr",
    Code.SPO2: "spo2",
    Code.TEMPERATURE: "temp_c",
    Code.RESPIRATORY_RATE: "rr",
    Code.WEIGHT: "weight_kg",
    Code.HEIGHT: "height_cm",
    Code.HAEMOGLOBIN: "hb_g_per_l",
    Code.GLUCOSE_MG_DL: "glucose",
    Code.GLUCOSE_MMOL_L: "glucose",
    Code.CAPILLARY_REFILL: "crt_s",
    "4548-4": "hba1c",
    "59261-8": "hba1c",
    Code.MUAC: "muac_mm",
    Code.HEAD_CIRCUMFERENCE: "head_cm",
}
"""The fact that a value of a LOINC code is."""

UNITS: Final[Mapping[str, str]] = {"glucose": "glucose_unit", "hba1c": "hba1c_unit"}
"""Facts that are judged in the unit of the meter, which is a fact of its own."""

IN_WORDS: Final[Mapping[str, str]] = {"20454-5": "urine_protein"}
"""The fact that a result in words of a LOINC code is."""


EVERY: Final = frozenset((*NAMES.values(), *UNITS.values(), *IN_WORDS.values(), "rr_second"))
"""The names of all facts that are measured."""


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """A fact with the value that it is, and the readings (journal numbers) that it is from."""

    fact: object
    value: Value
    entries: tuple[int, ...]
    age_min: float


def names_of(values: Sequence[Value]) -> frozenset[str]:
    """Return the facts that some values are."""
    return frozenset(NAMES[value.code] for value in values if value.code in NAMES)


def names_in(body: Body) -> frozenset[str]:
    """Return the facts that the values and the words of a reading's body are."""
    words = frozenset(IN_WORDS[row.code] for row in coded_of(body) if row.code in IN_WORDS)
    return names_of(values_of(body)) | words


def of_values(values: Sequence[Value]) -> dict[str, object]:
    """Return the facts that values are, by name, as a rule reads them."""
    known = [value for value in values if value.code in NAMES]
    units_of = {UNITS[n]: v.unit for v in known if (n := NAMES[v.code]) in UNITS}
    return {NAMES[value.code]: _fact(value) for value in known} | units_of


def newest(store: Store, patient_ids: Sequence[str], cause: Cause) -> dict[str, MeasuredFact]:
    """Return the newest value of each fact up to a cause, by the fact's name."""
    found: dict[str, MeasuredFact] = {}
    for row in _rows(store, patient_ids, cause):
        entry = Entry.parse(row["record"].encode("utf-8"))
        if is_doubted(row, entry):
            continue
        if entry.body.get("stored") and row["entry"] != cause.entry:
            continue  # measured at another time, which only the device knows
        age_min = _age_min(cause, row["day"], entry)
        if age_min is not None:
            _take(found, row["entry"], entry.body, age_min)
    return found if cause.alone else found | _counting(store, cause, found)


def _age_min(cause: Cause, paper: str | None, entry: Entry) -> float | None:
    """Return how old a reading is for a cause, None when it is of a later day.

    What was typed in later from paper is of the day that stands on it, whenever it was typed.
    """
    if paper is None and not cause.paper:
        return cause.age_min(entry.at)
    day = day_of(entry.at) if paper is None else date.fromisoformat(paper)
    days = (cause.day - day).days
    if days == 0 and day == day_of(cause.at):
        return cause.age_min(entry.at)
    return None if days < 0 else days * 24 * 60


def _take(found: dict[str, MeasuredFact], entry: int, body: Body, age_min: float) -> None:
    """Take the facts of a reading that no newer one has given."""
    for value in values_of(body):
        name = NAMES.get(value.code)
        if name is None:
            continue
        known = MeasuredFact(_fact(value), value, (entry,), age_min)
        if name == "rr" and "rr" in found and found["rr"].entries != known.entries:
            found.setdefault("rr_second", known)
        if name not in found and name in UNITS:
            found[UNITS[name]] = MeasuredFact(value.unit, value, (entry,), age_min)
        found.setdefault(name, known)
    for row in coded_of(body):
        if row.code in IN_WORDS:
            word = Value(row.code, Decimal(1), row.word)
            found.setdefault(IN_WORDS[row.code], MeasuredFact(row.word, word, (entry,), age_min))


def _counting(
    store: Store, cause: Cause, found: Mapping[str, MeasuredFact]
) -> dict[str, MeasuredFact]:
    """Return the pressure that counts in the visit, when it came from the newest that is known.

    It is the mean of readings (`edge.readings.measured`), and is as new as the newest of them.
    """
    row = store.row(
        "SELECT j.record FROM measured m JOIN journal j ON j.id = m.entry WHERE m.visit_id = ?"
        " ORDER BY m.entry DESC LIMIT 1",
        (cause.visit_id,),
    )
    newest_known = found.get("sbp")
    if row is None or newest_known is None:
        return {}
    body = Entry.parse(row["record"].encode("utf-8")).body
    named, own = body.get("readings"), _pressures(store, cause)
    entries = tuple(sorted(own[i] for i in named if i in own)) if isinstance(named, list) else ()
    if not entries or isinstance(named, list) and len(entries) != len(named):
        return {}
    return {
        NAMES[value.code]: MeasuredFact(_fact(value), value, entries, newest_known.age_min)
        for value in values_of(body)
        if value.code in NAMES
    }


def _pressures(store: Store, cause: Cause) -> dict[str, int]:
    """Return the pressures of a visit up to a cause: journal numbers by content id."""
    rows = store.rows(
        "SELECT entry FROM reading WHERE visit_id = ? AND patient_id = ? AND kind = ?"
        " AND entry <= ? AND coalesce(tray, '') <> 'discarded'",
        (cause.visit_id, cause.patient_id, Kind.BLOOD_PRESSURE.value, cause.entry),
    )
    return {journal.identity(store, row["entry"]): row["entry"] for row in rows}


def is_doubted(row: Row, entry: Entry) -> bool:
    """Whether a person must say first what a reading is (columns of its row, its entry)."""
    quality = entry.body.get("quality")
    flags = set(quality) if isinstance(quality, list) else set()
    if IMPROBABLE in flags and row["compared"] is None:
        return True
    return PERHAPS_SAME in flags and row["perhaps"] is not None and row["told_apart"] is None


def _rows(store: Store, patient_ids: Sequence[str], cause: Cause) -> list[Row]:
    marks = ",".join("?" * len(patient_ids))
    which, values = (f"r.patient_id IN ({marks}) AND r.entry <= ?", (*patient_ids, cause.entry))
    if cause.alone:
        which, values = "r.entry = ?", (cause.entry,)
    rows = store.rows(
        "SELECT r.entry, r.compared, r.perhaps, r.told_apart, r.day, r.follows, j.record"
        f" FROM reading r JOIN journal j ON j.id = r.entry WHERE {which}"
        " AND coalesce(r.tray, '') <> 'discarded' ORDER BY r.entry DESC LIMIT ?",
        (*values, LOOKED_AT),
    )
    return sorted(rows, key=_order, reverse=True)


def _order(row: Row) -> tuple[int, bool, str, int]:
    """Return what sorts readings by their day: those from paper stand where their day is."""
    follows = row["entry"] if row["follows"] is None else row["follows"]
    return follows, row["day"] is not None, row["day"] or "", row["entry"]


def _fact(value: Value) -> object:
    """Return a number, or a range when the device said only that it is beyond its own."""
    number = _in_unit(value)
    if value.comparator.startswith(">"):
        return {"least": number}
    return {"most": number} if value.comparator.startswith("<") else number


def _in_unit(value: Value) -> Decimal:
    if value.code == Code.HAEMOGLOBIN:
        return value.value * _HB_OF_G_DL if value.unit == "g/dL" else value.value
    if value.unit == "cm" and NAMES[value.code] == "muac_mm":
        return value.value * _MM_OF_CM
    if value.unit == "[degF]":
        return units.in_unit(value, "Cel").value
    return units.in_unit(value, "kg").value if value.unit == "[lb_av]" else value.value
