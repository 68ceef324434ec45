"""The referrals of a box: made, followed until an outcome closes them, listed while open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from uuid_utils import uuid7

from edge.model.clock import PlacedStamp, Stamp, place
from edge.model.entry import Entry, EntryKind, canonical_json
from edge.model.errors import InvalidForm, NotFound
from edge.model.life_status import LISTED
from edge.patients import edits
from edge.referrals import answers
from edge.referrals.answers import Answer
from edge.referrals.letter import Summary
from edge.referrals.referral import (
    ENDED,
    NewReferral,
    Outcome,
    State,
    days_open,
    is_overdue,
)
from edge.store import journal
from edge.store.store import Row, Store

PAGE = 50
"""Open referrals on one page of the list."""
LONGEST = 500
"""Characters of a reason and of why something became so."""

_OPEN = (
    "state NOT IN ('closed', 'cancelled') AND taken_back IS NULL AND NOT EXISTS (SELECT 1"
    f" FROM patient p WHERE p.id = referral.patient_id AND NOT ({LISTED}))"
)
"""Whoever has died or moved away leaves the list; the history still shows the referral."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that became known of a referral; `outcome` is that of `closed`."""

    state: str
    placed: PlacedStamp
    day: str
    actor: str | None
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral as it stands now. `entry` is the journal entry that made it, `summary` its letter.

    `is_of_another`: its visit was moved since, so that the letter names the wrong person.
    `placed` is when it was made; `answer` what the receiving place wrote, None while nothing came.
    """

    id: str
    entry: int
    patient: str
    visit: str | None
    state: str
    reason: str
    urgency: str
    to: str
    telephone: str
    transport: str
    placed: PlacedStamp
    day: str
    actor: str | None
    outcome: str
    summary: Mapping[str, object]
    taken_back: bool
    answer: Answer | None
    is_of_another: bool = False

    @property
    def letter(self) -> Summary:
        """What its letter says, as it was when the referral was made."""
        return Summary.of(self.summary)

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for what becomes of it."""
        return self.state not in ENDED and not self.taken_back

    def days(self, now: Stamp) -> int:
        """Return for how many whole days it has been open."""
        return days_open(self.placed.utc_ms, now.wall_ms)

    def is_overdue(self, now: Stamp) -> bool:
        """Whether somebody must ask what became of it."""
        arrived = self.answer is not None and self.answer.arrived == "yes"
        state = State.ARRIVED if arrived else self.state
        return self.is_open and is_overdue(state, self.urgency, self.placed.utc_ms, now.wall_ms)


def make(
    store: Store, now: Stamp, new: NewReferral, summary: Mapping[str, object], actor: str | None
) -> str:
    """Keep a referral; return its id. One durable transaction.

    Raises `InvalidForm` when the reason or the place is missing or too long.
    """
    wrong = {
        name: problem
        for name, text in (("reason", new.reason), ("to", new.to))
        if (problem := _problem(text)) is not None
    }
    if wrong:
        raise InvalidForm(wrong)
    referral, day = str(uuid7()), _day(now)
    body: dict[str, object] = {
        "referral": referral,
        "patient": new.patient,
        "day": day,
        "state": State.MADE.value,
        "reason": new.reason.strip(),
        "urgency": new.urgency.value,
        "to": new.to.strip(),
        "transport": new.transport.value,
        "summary": canonical_json(dict(summary)).decode("utf-8"),
    }
    body |= {"visit": new.visit} if new.visit else {}
    body |= {"telephone": new.telephone} if new.telephone else {}
    with store.transaction():
        entry = journal.append(store, EntryKind.REFERRAL, now, body, actor=actor)
        store.execute(
            "INSERT INTO referral (id, entry, patient_id, visit_id, day, urgency, state,"
            " state_entry, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (referral, entry, new.patient, new.visit, day, new.urgency.value)
            + (State.MADE.value, entry, now.wall_ms),
        )
        _note_step(store, entry, referral)
    return referral


@dataclass(frozen=True, slots=True)
class Change:
    """What became known: the state, and of a closed one the outcome."""

    state: State
    outcome: str = ""
    why: str = ""


def note(store: Store, now: Stamp, referral_id: str, change: Change, actor: str | None) -> None:
    """Keep what became known of a referral. One durable transaction.

    Arrived and not arrived open again what was closed by mistake. Raises `NotFound`, and
    `InvalidForm` when an outcome is missing of what is closed, or why it is cancelled.
    """
    _check(change)
    is_closed, why = change.state is State.CLOSED, change.why.strip()
    with store.transaction():
        row = _row(store, referral_id)
        body: dict[str, object] = {
            "referral": referral_id,
            "patient": row["patient_id"],
            "day": _day(now),
            "state": change.state.value,
        }
        body |= {"visit": row["visit_id"]} if row["visit_id"] else {}
        body |= {"outcome": change.outcome} if is_closed else {}
        body |= {"why": why} if why else {}
        entry = journal.append(store, EntryKind.REFERRAL, now, body, actor=actor)
        store.execute(
            "UPDATE referral SET state = ?, state_entry = ?, outcome = ? WHERE id = ?",
            (change.state.value, entry, body.get("outcome"), referral_id),
        )
        _note_step(store, entry, referral_id)


def get(store: Store, referral_id: str) -> Referral:
    """Return one referral; raises `NotFound`."""
    return _referral(store, _row(store, referral_id))


def open_ones(store: Store, skip: int = 0, limit: int = PAGE) -> list[Referral]:
    """Return one page of the open referrals, the longest open first."""
    rows = store.rows(
        f"SELECT * FROM referral WHERE {_OPEN} ORDER BY entry LIMIT ? OFFSET ?", (limit, skip)
    )
    return [_referral(store, row) for row in rows]


def count_open(store: Store) -> int:
    """Return how many referrals are open."""
    return store.scalar(f"SELECT count(*) FROM referral WHERE {_OPEN}")


def of_patient(store: Store, patient_id: str) -> list[Referral]:
    """Return the referrals of a person, under whichever records, newest first."""
    found = [
        _referral(store, row)
        for one in edits.one_person(store, patient_id)
        for row in store.rows("SELECT * FROM referral WHERE patient_id = ?", (one,))
    ]
    return sorted(found, key=lambda referral: referral.placed.utc_ms, reverse=True)


def steps(store: Store, referral_id: str) -> list[Step]:
    """Return what became known of a referral, oldest first."""
    rows = store.rows(
        "SELECT s.entry, j.record FROM referral_step s JOIN journal j ON j.id = s.entry"
        " WHERE s.referral = ? ORDER BY s.entry",
        (referral_id,),
    )
    return [_step(store, Entry.parse(row["record"].encode("utf-8"))) for row in rows]


def _step(store: Store, entry: Entry) -> Step:
    texts = {key: str(entry.body.get(key, "")) for key in ("state", "day", "outcome", "why")}
    placed = place(entry.at, store.anchors(entry.at.boot))
    return Step(texts["state"], placed, texts["day"], entry.actor, texts["outcome"], texts["why"])


def _note_step(store: Store, entry: int, referral_id: str) -> None:
    store.execute("INSERT INTO referral_step (entry, referral) VALUES (?, ?)", (entry, referral_id))


def _row(store: Store, referral_id: str) -> Row:
    row = store.row("SELECT * FROM referral WHERE id = ?", (referral_id,))
    if row is None:
        raise NotFound(f"no referral {referral_id}")
    return row


def _referral(store: Store, row: Row) -> Referral:
    made = journal.read(store, row["entry"])
    if made is None:
        raise NotFound(f"no journal entry {row['entry']}")
    texts = {
        key: str(made.body.get(key, ""))
        for key in ("reason", "urgency", "to", "telephone", "transport", "day")
    }
    summary = json.loads(str(made.body.get("summary", "{}")))
    return Referral(
        id=row["id"],
        entry=row["entry"],
        patient=row["patient_id"],
        visit=row["visit_id"],
        state=row["state"],
        **texts,
        placed=place(made.at, store.anchors(made.at.boot)),
        actor=made.actor,
        outcome=row["outcome"] or "",
        summary=summary if isinstance(summary, dict) else {},
        taken_back=row["taken_back"] is not None,
        answer=answers.of(store, row["id"]),
        is_of_another=made.body.get("patient") != row["patient_id"],
    )


def _check(change: Change) -> None:
    if change.state is State.CLOSED and change.outcome not in set(Outcome):
        raise InvalidForm({"outcome": "required"})
    if change.state is State.CANCELLED and (problem := _problem(change.why)) is not None:
        raise InvalidForm({"why": problem})
    if len(change.why) > LONGEST:
        raise InvalidForm({"why": "too-long"})


def _day(now: Stamp) -> str:
    return now.wall.astimezone().date().isoformat()


def _problem(text: str) -> str | None:
    if not text.strip():
        return "required"
    return "too-long" if len(text) > LONGEST else None
