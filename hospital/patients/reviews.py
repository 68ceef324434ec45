"""The review inbox: conflicting values of patients that a person has to decide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.patient_fields import Tier
from hospital.archive import Archive, Row
from sync import patient_merge
from sync.patient_merge import Op, Review

PAGE = 100
"""Questions on one page of the inbox."""


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """A review in the inbox, since when it waits (Unix milliseconds), and what it is about.

    Decide with this `rev`, so that no edit is decided that arrived after somebody had looked.
    `held` is the current value, None: there is none.
    """

    patient: str
    clinic: str
    review: Review
    since_ms: int
    name: str
    rev: int
    held: str | None = None

    @property
    def words(self) -> str:
        """The question, in plain words."""
        return patient_merge.words(self.review)

    @property
    def is_removal(self) -> bool:
        """Whether a member of a list is to stay or to go."""
        return self.review.op is Op.REMOVE

    @property
    def is_refusable(self) -> bool:
        """Whether a clinic proposes something where nothing holds: then it can be refused."""
        return patient_merge.rules()[self.review.field].tier is Tier.BLOCK and self.held is None

    @property
    def key(self) -> str:
        """Names the question among those about this patient."""
        return f"{self.review.field}:{_values_text(self.review)}"


def inbox(archive: Archive, limit: int = PAGE, skip: int = 0) -> list[WaitingReview]:
    """Return what waits for a person, the longest first, after `skip`."""
    return _waiting(archive, "1 = 1", (), f" LIMIT {limit} OFFSET {skip}")


def about(archive: Archive, patient_id: str) -> list[WaitingReview]:
    """Return all that waits for a person about one patient."""
    return _waiting(archive, "v.patient = ?", (patient_id,))


def _waiting(
    archive: Archive, where: str, values: tuple[object, ...], part: str = ""
) -> list[WaitingReview]:
    rows = archive.rows(
        "SELECT v.*, p.name AS name, p.rev AS rev, f.body AS told FROM review v"
        " JOIN patient p ON p.id = v.patient LEFT JOIN feed f"
        " ON f.clinic = v.clinic AND f.entity = 'patient' AND f.id = v.patient"
        f" WHERE {where} ORDER BY v.since_ms, v.patient, v.field{part}",
        values,
    )
    return [
        WaitingReview(
            r["patient"], r["clinic"], _review(r), r["since_ms"], r["name"], r["rev"], _held(r)
        )
        for r in rows
    ]


def _held(r: Row) -> str | None:
    value = json.loads(r["told"] or "{}").get(r["field"])
    return value if isinstance(value, str) else None


def bring_up_to_date(
    archive: Archive, patient_id: str, clinic: str, reviews: Sequence[Review], now_ms: int
) -> None:
    """Bring the inbox up to date; a question that stands keeps its age."""
    wanted = {(r.field, _values_text(r)): r for r in reviews}
    for old in archive.rows("SELECT * FROM review WHERE patient = ?", (patient_id,)):
        if wanted.pop((old["field"], old["said"]), None) is None:
            sql = "DELETE FROM review WHERE patient = ? AND field = ? AND said = ?"
            archive.execute(sql, (patient_id, old["field"], old["said"]))
    for (field, values), review in wanted.items():
        archive.execute(
            "INSERT INTO review (patient, clinic, field, op, said, since_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (patient_id, clinic, field, review.op.value, values, now_ms),
        )


def _values_text(review: Review) -> str:
    return json.dumps(review.values, ensure_ascii=False)


def _review(r: Row) -> Review:
    return Review(r["field"], Op(r["op"]), tuple(json.loads(r["said"])))
