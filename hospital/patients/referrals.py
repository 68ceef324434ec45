"""Referrals of all clinics: entered as they come, listed while open, answered by a doctor.

An answer goes down with the feed of the clinic that made the referral; only the clinic closes it.
Its state is that of the newest step by the box's own count of time, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.model.clock import PlacedStamp
from edge.model.feed_item import Entity
from edge.model.life_status import LISTED
from edge.referrals.letter import Summary
from edge.referrals.referral import Outcome, State, days_open, is_overdue
from hospital.archive import Archive, Row, row, scalar
from hospital.archive.errors import HospitalError, RowRefused
from hospital.entries.referral_facts import ReferralFact
from hospital.patients import messages, withheld
from hospital.patients.master_index import EditOrigin
from hospital.patients.messages import SentMessage
from hospital.views.chart import anchors_of, marks, placed_stamp

PAGE = 50
LONGEST = 1_000
"""Characters of each text of an answer."""

OPEN = (
    "r.state NOT IN ('closed', 'cancelled') AND t.entry IS NULL AND NOT EXISTS (SELECT 1"
    f" FROM patient l WHERE l.id = r.patient AND NOT ({LISTED}))"
)
"""Whoever has died or moved away leaves the list; the chart still shows the referral."""
_FROM = "referral r LEFT JOIN taken_back t ON t.entry = r.record AND t.clinic = r.clinic"
_STATES = frozenset(State)
_SELECT = (
    "SELECT r.*, p.name AS patient_name, s.name AS actor_name, t.entry AS taken_back"
    f" FROM {_FROM} LEFT JOIN patient p ON p.id = r.patient"
    " LEFT JOIN staff s ON s.clinic = r.clinic AND s.id = r.actor"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a clinic came to know of its referral."""

    state: str
    day: str
    outcome: str
    why: str
    actor: str
    placed: PlacedStamp


@dataclass(frozen=True, slots=True)
class ChartedReferral:
    """A referral as it stands. `answered_ms`: when a doctor here last answered it."""

    id: str
    clinic: str
    patient_id: str
    patient_name: str | None
    reason: str
    urgency: str
    to: str
    telephone: str
    transport: str
    state: str
    outcome: str
    actor: str
    placed: PlacedStamp
    received_ms: int
    answered_ms: int | None
    withheld: bool
    taken_back: bool
    summary: Summary

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for what becomes of it."""
        return self.state not in (State.CLOSED, State.CANCELLED) and not self.taken_back

    def days(self, now_ms: int) -> int:
        """Return for how many whole days it has been open."""
        return days_open(self.placed.utc_ms, now_ms)

    def is_overdue(self, now_ms: int) -> bool:
        """Whether somebody must ask what became of it: nobody here has answered in time."""
        if self.answered_ms is not None:
            return False
        return self.is_open and is_overdue(self.state, self.urgency, self.placed.utc_ms, now_ms)


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer. `arrived` is "yes", "no" or ""; `outcome` a word of `Outcome` or ""."""

    arrived: str = ""
    findings: str = ""
    treatment: str = ""
    outcome: str = ""
    todo: str = ""


def enter(archive: Archive, origin: EditOrigin, fact: ReferralFact) -> None:
    """Enter what a box says of a referral, inside the caller's transaction.

    Raises `RowRefused` when the referral is another clinic's, or its state is not known here.
    """
    if fact.state not in _STATES:
        raise RowRefused(f"{fact.state[:40]!r} is no state of a referral")
    owner = row(archive, "SELECT clinic FROM referral WHERE id = ?", (fact.referral,))
    if owner is not None and owner["clinic"] != origin.box.clinic:
        raise RowRefused(f"referral {fact.referral[:40]} is another clinic's")
    if fact.state == State.MADE and owner is None:
        _insert(archive, origin, fact)
    archive.execute(
        "INSERT INTO referral_step (id, clinic, referral, state, day, outcome, why, actor, boot,"
        " t_ms, wall_ms, quality, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.record, origin.box.clinic, fact.referral, fact.state, fact.day, fact.outcome)
        + (fact.why, fact.actor, *_when(fact), origin.received_ms),
    )
    newest = row(
        archive,
        "SELECT state, outcome FROM referral_step WHERE referral = ? AND clinic = ?"
        " ORDER BY wall_ms DESC, boot DESC, t_ms DESC, id DESC LIMIT 1",
        (fact.referral, origin.box.clinic),
    )
    if newest is not None:
        archive.execute(
            "UPDATE referral SET state = ?, outcome = ? WHERE id = ? AND clinic = ?",
            (newest["state"], newest["outcome"], fact.referral, origin.box.clinic),
        )


def open_ones(
    archive: Archive, limit: int = PAGE, skip: int = 0, clinic: str = ""
) -> list[ChartedReferral]:
    """Return open referrals of all clinics or of one: the unanswered first, the oldest first."""
    where, values = (f"{OPEN} AND r.clinic = ?", (clinic,)) if clinic else (OPEN, ())
    order = " ORDER BY CASE WHEN r.answered_ms IS NULL THEN 0 ELSE 1 END, r.number"
    return _charted(
        archive,
        archive.rows(f"{_SELECT} WHERE {where}{order} LIMIT ? OFFSET ?", (*values, limit, skip)),
    )


def count_open(archive: Archive) -> int:
    """Return how many referrals are open and not answered."""
    return scalar(
        archive, f"SELECT count(*) AS n FROM {_FROM} WHERE {OPEN} AND r.answered_ms IS NULL"
    )


def clinics(archive: Archive) -> list[str]:
    """Return the clinics that have open referrals, by name."""
    rows = archive.rows(f"SELECT DISTINCT r.clinic FROM {_FROM} WHERE {OPEN} ORDER BY r.clinic")
    return [str(r["clinic"]) for r in rows]


def one(archive: Archive, referral_id: str) -> ChartedReferral | None:
    """Return one referral, None when there is none."""
    rows = archive.rows(f"{_SELECT} WHERE r.id = ?", (referral_id,))
    return next(iter(_charted(archive, rows)), None)


def of_person(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedReferral]:
    """Return the referrals on a person's chart, newest first."""
    return _of(archive, patient_ids, 0)


def withheld_of(archive: Archive, patient_ids: Sequence[str]) -> list[ChartedReferral]:
    """Return those of clinics that do not know the person, newest first."""
    return _of(archive, patient_ids, 1)


def steps(archive: Archive, referral: ChartedReferral) -> list[Step]:
    """Return what the clinic came to know of a referral, oldest first."""
    rows = archive.rows(
        "SELECT t.*, b.id AS box, s.name FROM referral_step t JOIN referral r ON r.id = t.referral"
        " JOIN box b ON b.id = r.box LEFT JOIN staff s ON s.clinic = t.clinic AND s.id = t.actor"
        " WHERE t.referral = ? AND t.clinic = ? ORDER BY t.wall_ms, t.number",
        (referral.id, referral.clinic),
    )
    anchors = anchors_of(archive, rows)
    return [
        Step(
            *(r["state"], r["day"], r["outcome"] or "", r["why"], r["name"] or r["actor"] or ""),
            placed_stamp(r, anchors),
        )
        for r in rows
    ]


def answers(archive: Archive, referral_id: str) -> list[SentMessage]:
    """Return the answers to a referral, oldest first, the last with its delivery."""
    return messages.acts(archive, Entity.REFERRAL, referral_id)


def answer(
    archive: Archive, referral_id: str, new: NewAnswer, author: tuple[str, str], now_ms: int
) -> None:
    """Keep an answer and send it to the clinic; `author` is the account and the person's name.

    Raises `HospitalError` when there is no such referral or nothing is said.
    """
    account, name = author
    said = _said(new)
    with archive.transaction():
        found = row(
            archive, "SELECT * FROM referral WHERE id = ?" + archive.for_update, (referral_id,)
        )
        if found is None:
            raise HospitalError("there is no such referral")
        before = answers(archive, referral_id)
        rev = before[-1].rev + 1 if before else 1
        body = {"patient": found["patient"], "by": name, "at_ms": now_ms, **said}
        act = SentMessage(
            *(Entity.REFERRAL, referral_id, rev, found["patient"], body, False, account, now_ms)
        )
        messages.send(archive, act, [found["clinic"]])
        archive.execute("UPDATE referral SET answered_ms = ? WHERE id = ?", (now_ms, referral_id))


def _said(new: NewAnswer) -> dict[str, str]:
    if new.arrived not in ("", "yes", "no") or new.outcome not in ("", *Outcome):
        raise HospitalError("choose one of the answers")
    texts = {"findings": new.findings, "treatment": new.treatment, "todo": new.todo}
    said = {name: text.replace("\x00", "").strip()[:LONGEST] for name, text in texts.items()}
    said |= {"arrived": new.arrived, "outcome": new.outcome}
    said = {name: text for name, text in said.items() if text}
    if not said:
        raise HospitalError("there is nothing said yet")
    return said


def _insert(archive: Archive, origin: EditOrigin, fact: ReferralFact) -> None:
    clinic = origin.box.clinic
    apart = bool(withheld.unknown_to(archive, clinic, {fact.patient}))
    archive.execute(
        "INSERT INTO referral (id, record, box, clinic, patient, visit, day, reason, urgency,"
        " goes_to, telephone, transport, summary, actor, boot, t_ms, wall_ms, quality, received_ms,"
        " withheld) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (fact.referral, origin.record, origin.box.id, clinic, fact.patient, fact.visit, fact.day)
        + (
            fact.reason,
            fact.urgency,
            fact.to,
            fact.telephone,
            fact.transport,
            fact.summary,
            fact.actor,
        )
        + (*_when(fact), origin.received_ms, int(apart)),
    )


def _when(fact: ReferralFact) -> tuple[int, int, int, str]:
    return fact.at.boot, fact.at.t_ms, fact.at.wall_ms, str(fact.at.quality)


def _of(archive: Archive, patient_ids: Sequence[str], apart: int) -> list[ChartedReferral]:
    where = f"r.patient IN ({marks(patient_ids)}) AND r.withheld = {apart}"
    sql = f"{_SELECT} WHERE {where} ORDER BY r.number DESC"
    return _charted(archive, archive.rows(sql, tuple(patient_ids)))


def _charted(archive: Archive, rows: Sequence[Row]) -> list[ChartedReferral]:
    anchors = anchors_of(archive, rows)
    return [_one(r, placed_stamp(r, anchors)) for r in rows]


def _one(r: Mapping[str, object], placed: PlacedStamp) -> ChartedReferral:
    text = {name: str(r[name] or "") for name in ("reason", "urgency", "telephone", "transport")}
    return ChartedReferral(
        id=str(r["id"]),
        clinic=str(r["clinic"]),
        patient_id=str(r["patient"]),
        patient_name=None if r["patient_name"] is None else str(r["patient_name"]),
        **text,
        to=str(r["goes_to"]),
        state=str(r["state"]),
        outcome=str(r["outcome"] or ""),
        actor=str(r["actor_name"] or r["actor"] or ""),
        placed=placed,
        received_ms=int(str(r["received_ms"])),
        answered_ms=None if r["answered_ms"] is None else int(str(r["answered_ms"])),
        withheld=bool(r["withheld"]),
        taken_back=r["taken_back"] is not None,
        summary=Summary.read(str(r["summary"])),
    )
