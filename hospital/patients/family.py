"""Mother and children of a person, as the chart names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hospital.archive import Archive
from hospital.patients import links
from hospital.views import chart

CHILDREN_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Family:
    """The mother (None: not known) and the children of one person, the youngest first."""

    mother: chart.PatientLine | None
    children: tuple[chart.PatientLine, ...]
    is_cut: bool
    """There are more children than `CHILDREN_SHOWN`."""


def of_person(archive: Archive, ids: Sequence[str], mother_id: str | None) -> Family:
    """Return the family of somebody with these records, of linked ones the record that stands."""
    mother = None
    if mother_id is not None:
        mother = chart.patient(archive, links.one_person(archive, mother_id)[0])
    rows = archive.rows(
        f"SELECT id FROM patient WHERE mother IN ({chart.marks(ids)})"
        " ORDER BY coalesce(birth, '') DESC, id LIMIT ?",
        (*ids, CHILDREN_SHOWN + 1),
    )
    kept = dict.fromkeys(links.one_person(archive, r["id"])[0] for r in rows)
    found = [line for one in kept if (line := chart.patient(archive, one)) is not None]
    return Family(mother, tuple(found[:CHILDREN_SHOWN]), len(rows) > CHILDREN_SHOWN)
