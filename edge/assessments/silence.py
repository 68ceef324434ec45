"""Why no rule judges a value that may be dangerous: said beside it, so that nobody is calm by it.

A value that a rule judged for certain is not silent. `plausibility` says which values are unusual.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from edge.assessments.uncertain import AGE_FACTS, ASKED, PREGNANT, SEX
from edge.model.entry import Entry
from edge.model.reading import IMPROBABLE, PERHAPS_SAME
from edge.rules.assessment import Level, Status
from edge.store.store import Row, Store


class Silence(StrEnum):
    """Why no rule judges a value that may be dangerous."""

    NO_AGE = "no-age"
    NO_SEX = "no-sex"
    NO_PREGNANCY = "no-pregnancy"
    NOT_SAID = "not-said"
    NO_RULE = "no-rule"
    IMPROBABLE = "improbable"
    PERHAPS_SAME = "perhaps-same"


def of_doubts(doubts: Collection[str]) -> Silence | None:
    """Return why nothing is judged of a reading whose doubts nobody has settled, if they forbid."""
    if IMPROBABLE in doubts:
        return Silence.IMPROBABLE
    return Silence.PERHAPS_SAME if PERHAPS_SAME in doubts else None


def of_missing(missing: Collection[str]) -> Silence | None:
    """Return which fact somebody has to say, by the names of what was missing."""
    if not set(missing).isdisjoint(AGE_FACTS):
        return Silence.NO_AGE
    if SEX in missing:
        return Silence.NO_SEX
    if PREGNANT in missing:
        return Silence.NO_PREGNANCY
    return None if ASKED.isdisjoint(missing) else Silence.NOT_SAID


def of_readings(
    store: Store, unusual: Mapping[int, bool], reading_ids: Sequence[int]
) -> dict[int, Silence]:
    """Return why readings are not judged, by entry; `unusual` says which have unusual values."""
    marks = ",".join("?" * len(reading_ids))
    rows = store.rows(
        "SELECT r.reading, a.status, a.level, a.possible, j.record FROM assessment_reading r"
        " JOIN assessment a ON a.entry = r.assessment JOIN journal j ON j.id = a.entry"
        f" WHERE a.stands = 1 AND a.superseded = 0 AND r.reading IN ({marks}) ORDER BY a.entry",
        tuple(reading_ids),
    )
    found: dict[int, Silence] = {}
    for reading in reading_ids:
        own = [row for row in rows if row["reading"] == reading]
        silence = _of_rows(own, unusual.get(reading, False))
        if silence is not None:
            found[reading] = silence
    return found


def _of_rows(rows: Sequence[Row], unusual: bool) -> Silence | None:
    for row in rows:
        if Level(row["possible"]).rank > max(Level(row["level"]).rank, Level.ROUTINE.rank):
            silence = of_missing(_missing(row))
            if silence is not None:
                return silence
    judged = any(row["status"] in (Status.OK, Status.INCOMPLETE) for row in rows)
    return Silence.NO_RULE if unusual and not judged else None


def _missing(row: Row) -> list[str]:
    missing = Entry.parse(row["record"].encode("utf-8")).body.get("missing")
    return [str(name) for name in missing] if isinstance(missing, list) else []
