"""Enrolments in programmes: who is enrolled in which, since when, and what became of it.

Each act is an entry of kind `programme`. What is true of an enrolment is its newest entry that
nobody took back; the entry that enrolled somebody is its first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.follow_up_kinds import EpisodeState
from edge.patients import birth, edits
from edge.store import journal
from edge.store.store import Row, Store

NO_FACTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Episode:
    """One enrolment of a person in a programme.

    `since` is the day of enrolment, `day` that of its newest entry (local, `YYYY-MM-DD`). `facts`
    are those that the programme's schedule is made from, such as the last menstrual period.
    """

    id: str
    patient_id: str
    programme: str
    state: str
    since: str
    day: str
    facts: Mapping[str, str] = field(default_factory=dict)
    why: str | None = None
    place: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the person is still enrolled."""
        return self.state == EpisodeState.ENROLLED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an enrolment: the state, why, to which place, and the day (None: today)."""

    state: str
    why: str | None = None
    place: str | None = None
    day: str | None = None


def enrol(
    store: Store,
    now: Stamp,
    patient_id: str,
    programme: str,
    actor: str | None,
    *,
    facts: Mapping[str, str] = NO_FACTS,
    day: str | None = None,
    visit: str | None = None,
) -> Episode:
    """Enrol somebody; raises `ActionRefused` ("enrolled") when they are enrolled already."""
    said = day or birth.today_of(now).isoformat()
    with store.transaction():
        for other in of_patient(store, patient_id):
            if other.programme == programme and other.is_open:
                raise ActionRefused("enrolled", f"is enrolled in {programme} already")
        enrolled = Episode(str(uuid7()), patient_id, programme, "enrolled", said, said, dict(facts))
        _write(store, now, enrolled, actor, visit)
    return enrolled


def set_facts(
    store: Store, now: Stamp, episode_id: str, facts: Mapping[str, str], actor: str | None
) -> Episode:
    """Correct what the schedule is made from; raises `NotFound`."""
    with store.transaction():
        was = get(store, episode_id)
        merged = {**was.facts, **facts}
        if merged == dict(was.facts):
            return was
        day = birth.today_of(now).isoformat()
        changed = Episode(was.id, was.patient_id, was.programme, was.state, was.since, day, merged)
        _write(store, now, changed, actor)
    return get(store, episode_id)


def end(
    store: Store,
    now: Stamp,
    episode_id: str,
    outcome: Outcome,
    actor: str | None,
    *,
    visit: str | None = None,
) -> Episode:
    """Say what became of an enrolment, or that somebody is enrolled after all.

    Raises `NotFound`, and `ActionRefused` ("state") for a state that there is not.
    """
    if outcome.state not in set(EpisodeState):
        raise ActionRefused("state", f"there is no state {outcome.state}")
    with store.transaction():
        was = get(store, episode_id)
        day = outcome.day or birth.today_of(now).isoformat()
        ended = Episode(
            *(was.id, was.patient_id, was.programme, outcome.state, was.since, day, was.facts),
            why=outcome.why,
            place=outcome.place,
        )
        _write(store, now, ended, actor, visit)
    return ended


def get(store: Store, episode_id: str) -> Episode:
    """Return an enrolment as it stands; raises `NotFound`."""
    found = _episodes(
        store.rows(
            f"{_ROWS} WHERE episode = ? AND taken_back IS NULL ORDER BY entry", (episode_id,)
        )
    )
    if not found:
        raise NotFound(f"no enrolment {episode_id}")
    return found[0]


def of_patient(store: Store, patient_id: str) -> list[Episode]:
    """Return the enrolments of a person under all their records, the newest first."""
    ids = edits.one_person(store, patient_id)
    marks = ", ".join("?" * len(ids))
    rows = store.rows(
        f"{_ROWS} WHERE patient_id IN ({marks}) AND taken_back IS NULL ORDER BY entry", ids
    )
    return _episodes(rows)[::-1]


_ROWS = (
    "SELECT entry, episode, patient_id, programme, state, day, facts, why, place"
    " FROM programme_entry"
)


def _episodes(rows: Iterable[Row]) -> list[Episode]:
    """Return what the rows of enrolments, oldest first, say, in the order of their beginnings."""
    first: dict[str, str] = {}
    newest: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["episode"], row["day"])
        newest[row["episode"]] = row
    return [
        Episode(
            *(episode, row["patient_id"], row["programme"], row["state"], first[episode]),
            *(row["day"], json.loads(row["facts"]), row["why"], row["place"]),
        )
        for episode, row in newest.items()
    ]


def _write(
    store: Store, now: Stamp, said: Episode, actor: str | None, visit: str | None = None
) -> None:
    body: dict[str, object] = {
        "episode": said.id,
        "patient": said.patient_id,
        "programme": said.programme,
        "state": said.state,
        "day": said.day,
    }
    more = {"why": said.why, "to": said.place, "visit": visit}
    body |= {name: value for name, value in more.items() if value}
    if said.facts:
        body["facts"] = dict(said.facts)
    entry = journal.append(store, EntryKind.PROGRAMME, now, body, actor=actor)
    facts = json.dumps(dict(said.facts), sort_keys=True)
    store.execute(
        "INSERT INTO programme_entry (entry, episode, patient_id, programme, state, day, facts,"
        " why, place, visit_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry, said.id, said.patient_id, said.programme, said.state, said.day, facts)
        + (said.why, said.place, visit),
    )
