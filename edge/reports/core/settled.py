"""Facts put together: corrected, each with its person and its day; the same in any order.

What contradicts another fact of the same box is settled by that box's own order. Boxes do not
contradict each other: a visit, a reading or an enrolment is only spoken of by the box that made it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from edge.model.reading import PERHAPS_SAME, SOMEBODY_ELSE
from edge.reports.core import months
from edge.reports.core.facts import UTC_OFFSET as UTC_OFFSET
from edge.reports.core.facts import Fact
from edge.reports.core.people import Person

Order = tuple[str, int, str, tuple[int, int], str]


@dataclass(slots=True)
class Visit:
    """A visit: whose, on which day, and what was noted in it (the newest of each field)."""

    id: str
    box: str
    patient: str
    day: str
    order: Order
    is_alone: bool = False
    is_paper: bool = False
    number: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


class Happening(NamedTuple):
    """Any other fact, of one person on one day."""

    patient: str
    visit: str
    day: str
    order: Order
    data: Mapping[str, Any]
    id: str = ""
    box: str = ""


@dataclass(slots=True)
class Settled:
    """All facts of a clinic or of one box, settled; each list in the order of its days.

    Readings are those that hold; under `sent` stand all that devices sent.
    """

    people: Mapping[str, Person]
    visits: dict[str, Visit]
    of_kind: Mapping[str, list[Happening]]
    dead: Mapping[str, str]
    """Person to day of death, "?" when it is not known."""

    def person(self, patient: str) -> Person:
        """Return who a patient is; of one who is not known here, only the id."""
        return self.people.get(patient) or Person(patient)

    def kind(self, kind: str) -> list[Happening]:
        """Return the facts of a kind."""
        return self.of_kind.get(kind, [])


def settle(facts: Iterable[Fact], people: Mapping[str, Person]) -> Settled:
    """Settle facts; the same ones in any order, however often repeated, give the same."""
    unique = {fact.id: fact for fact in facts}
    taken_back = {str(f.data.get("entry", "")) for f in unique.values() if f.kind == "taken-back"}
    by_kind: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted(unique.values(), key=_order):
        if fact.id not in taken_back:
            by_kind[fact.kind].append(fact)
    return _Settling(by_kind, people).done()


def _order(fact: Fact) -> tuple[str, tuple[int, int], str]:
    return fact.box, fact.order, fact.id


class _Settling:
    """Facts by kind, each list in the order of its boxes."""

    def __init__(self, by_kind: Mapping[str, list[Fact]], people: Mapping[str, Person]) -> None:
        self._by_kind = by_kind
        self._people = people
        self._offsets = {f.box: int(f.data["offset"]) for f in by_kind.get("setting", [])}
        self._moves: dict[str, list[Fact]] = {}
        for fact in by_kind.get("visit-moved", []):
            self._moves.setdefault(fact.visit, []).append(fact)
        self._visits: dict[str, Visit] = {}

    def done(self) -> Settled:
        """Return everything, settled."""
        opened = self._by_kind.get("visit-opened", [])
        for fact in sorted(opened, key=lambda fact: self._holder(fact)[1] != fact.visit):
            self._open(fact)  # one that became another, opened by itself, adds nothing to it
        self._note()
        of_kind = {
            kind: [self._happening(fact) for fact in facts]
            for kind, facts in self._by_kind.items()
            if kind not in _SETTLED_APART
        }
        of_kind["reading"] = self._readings()
        sent = (f for f in self._by_kind.get("reading", []) if f.data.get("device"))
        of_kind["sent"] = [self._happening(f) for f in sent]
        for rows in of_kind.values():
            rows.sort(key=_when)
        return Settled(self._people, self._visits, of_kind, self._dead(of_kind))

    def _open(self, fact: Fact) -> None:
        patient, visit_id = self._holder(fact)
        data, day = fact.data, self._day(fact)
        if visit_id in self._visits:
            return
        self._visits[visit_id] = Visit(
            visit_id,
            fact.box,
            patient,
            day,
            _sorted_by(fact, day),
            data.get("mode") == "alone",
            bool(data.get("paper")),
            int(data.get("number", 0)),
            {"reason": data["reason"]} if data.get("reason") else {},
        )

    def _note(self) -> None:
        for fact in self._by_kind.get("visit-note", []):
            _, visit_id = self._holder(fact)
            visit = self._visits.get(visit_id)
            for name, change in fact.data["set"].items() if visit else ():
                _change(visit.notes, name, change)  # type: ignore[union-attr]

    def _holder(self, fact: Fact) -> tuple[str, str]:
        """Return person and visit of a fact, after its visit was moved."""
        patient, visit = fact.patient, fact.visit
        if visit not in self._moves:
            return self._person(patient), visit
        seen: set[str] = set()
        while visit and visit not in seen:
            seen.add(visit)
            for move in self._moves.get(visit, ()):
                if move.order > fact.order and patient in ("", move.patient):
                    patient = str(move.data.get("to", patient))
                    visit = str(move.data.get("becomes", visit)) or visit
        return self._person(patient), visit

    def _person(self, patient: str) -> str:
        known = self._people.get(patient)
        return known.stands_for if known is not None and known.stands_for else patient

    def _day(self, fact: Fact) -> str:
        return fact.day or months.local_day(fact.wall_ms, self._offsets.get(fact.box, 0))

    def _day_in_visit(self, fact: Fact, visit: str) -> str:
        if fact.day or visit not in self._visits:
            return self._day(fact)
        return self._visits[visit].day

    def _happening(self, fact: Fact) -> Happening:
        patient, visit = self._holder(fact)
        day = self._day_in_visit(fact, visit)
        return Happening(patient, visit, day, _sorted_by(fact, day), fact.data, fact.id, fact.box)

    def _readings(self) -> list[Happening]:
        """Return the readings that hold, each of the person who holds it now."""
        claims: dict[str, Fact] = {}
        for said in self._by_kind.get("claim", []):
            claims[str(said.data.get("reading", ""))] = said
        settled: dict[str, set[str]] = defaultdict(set)
        for said in self._by_kind.get("confirm", []):
            doubt = PERHAPS_SAME if said.data.get("doubt") == PERHAPS_SAME else ""
            settled[str(said.data.get("reading", ""))].add(doubt)
        found = []
        for fact in self._by_kind.get("reading", []):
            claim = claims.get(fact.id)
            if claim is not None and claim.data.get("why") not in (None, SOMEBODY_ELSE):
                continue  # struck out, or nobody's
            if not _is_doubted(fact, settled.get(fact.id, set())):
                found.append(self._reading(fact, claim))
        return found

    def _reading(self, fact: Fact, claim: Fact | None) -> Happening:
        if claim is None:
            return self._happening(fact)
        visit_id = self._now(fact.visit)
        day = self._day_in_visit(fact, visit_id)
        patient = ""
        if claim.patient:
            held = fact._replace(patient=claim.patient, order=max(fact.order, claim.order))
            patient, _ = self._holder(held)
        visit = self._visits.get(visit_id)
        in_visit = visit_id if visit is not None and visit.patient == patient else ""
        order = _sorted_by(fact, day)
        return Happening(patient, in_visit, day, order, fact.data, fact.id, fact.box)

    def _now(self, visit: str) -> str:
        """Return what became of a visit that was moved."""
        seen: set[str] = set()
        while visit not in seen and visit in self._moves:
            seen.add(visit)
            visit = str(self._moves[visit][-1].data.get("becomes", visit)) or visit
        return visit

    def _dead(self, of_kind: Mapping[str, list[Happening]]) -> dict[str, str]:
        """Return who has died, whoever said so: the person's own field, an episode, a call."""
        said: dict[str, list[str]] = defaultdict(list)
        for person in self._people.values():
            if person.deceased:
                said[self._person(person.id)].append(person.deceased)
        for kind, key, word in _DEATHS:
            for row in of_kind.get(kind, []):
                if row.data.get(key) == word:
                    said[row.patient].append(row.day)
        for visit in self._visits.values():
            if visit.notes.get("outcome") == "died":
                said[visit.patient].append(visit.day)
        return {patient: min(days, key=_known_first) for patient, days in said.items() if patient}


_DEATHS = (("programme", "state", "deceased"), ("call", "outcome", "died"))
_SETTLED_APART = {
    *("reading", "claim", "confirm", "visit-opened", "visit-note", "visit-moved"),
    *("taken-back", "setting"),
}


def _known_first(day: str) -> tuple[bool, str]:
    return day == "?", day


def _is_doubted(fact: Fact, settled: set[str]) -> bool:
    """Whether a doubt about a reading stands that nobody has settled."""
    doubts = {PERHAPS_SAME if d == PERHAPS_SAME else "" for d in fact.data.get("doubts", ())}
    return not doubts <= settled


def _change(notes: dict[str, Any], name: str, change: Any) -> None:
    if not isinstance(change, Mapping):
        notes[name] = change
        return
    held = notes.get(name)
    members = dict.fromkeys(held if isinstance(held, list) else ())
    members |= dict.fromkeys(change.get("add", ()))
    for gone in change.get("remove", ()):
        members.pop(gone, None)
    notes[name] = list(members)


def _sorted_by(fact: Fact, day: str) -> Order:
    return day, fact.wall_ms, fact.box, fact.order, fact.id


def _when(row: Happening) -> Order:
    return row.order
