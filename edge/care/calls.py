"""Calls to people who should have come: what came of each, kept for ever.

The first call after somebody became overdue is the one that reports count (HEARTS360).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused
from edge.model.follow_up_kinds import CallOutcome
from edge.patients import birth, edits
from edge.store import journal
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """What came of a call, on which local day (`YYYY-MM-DD`), about what, and by whom.

    `remind` is the day to call again.
    """

    outcome: str
    day: str = ""
    appointment: str | None = None
    episode: str | None = None
    remind: str | None = None
    note: str | None = None
    entry: int = 0
    actor: str | None = None


def note(store: Store, now: Stamp, patient_id: str, call: Call, actor: str | None) -> Call:
    """Keep what came of a call; raises `ActionRefused` ("outcome", "remind")."""
    if call.outcome not in set(CallOutcome):
        raise ActionRefused("outcome", f"there is no outcome {call.outcome}")
    if (call.outcome == CallOutcome.REMIND) != bool(call.remind):
        raise ActionRefused("remind", "a reminder has a day, and nothing else has one")
    day = call.day or birth.today_of(now).isoformat()
    body: dict[str, object] = {"patient": patient_id, "outcome": call.outcome, "day": day}
    more = {"appointment": call.appointment, "episode": call.episode}
    more |= {"remind": call.remind, "note": call.note}
    body |= {name: value for name, value in more.items() if value}
    with store.transaction():
        entry = journal.append(store, EntryKind.CALL, now, body, actor=actor)
        store.execute(
            "INSERT INTO call_entry (entry, patient_id, outcome, day, appointment, episode, remind,"
            " note, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, patient_id, call.outcome, day, call.appointment, call.episode, call.remind)
            + (call.note, actor),
        )
    return replace(call, day=day, entry=entry, actor=actor)


def of_patient(store: Store, patient_id: str) -> list[Call]:
    """Return the calls to a person under all their records, the oldest first."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        "SELECT outcome, day, appointment, episode, remind, note, entry, actor FROM call_entry"
        f" WHERE patient_id IN ({marks}) AND taken_back IS NULL ORDER BY entry",
        ids,
    )
    return [Call(*row) for row in rows]
