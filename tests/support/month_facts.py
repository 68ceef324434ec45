"""Facts of a clinic for tests of reports: entries written by hand, read by the product."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from edge.model.clock import ClockQuality, Stamp
from edge.reports.core.facts import Fact, Origin, facts_of
from edge.reports.core.people import Person


def identity(name: str) -> str:
    """Return a UUID that a name always has."""
    return str(uuid5(NAMESPACE_OID, name))


def pressure(systolic: int, diastolic: int) -> list[list[str]]:
    """Return the values of a blood pressure, as a body holds them."""
    return [["8480-6", str(systolic), "mm[Hg]"], ["8462-4", str(diastolic), "mm[Hg]"]]


class Clinic:
    """Entries of one clinic in the order in which its boxes wrote them."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.people: dict[str, Person] = {}
        self._written = 0

    def person(self, called: str, **known: object) -> str:
        """Make somebody known, with a telephone unless it is said otherwise; return the id."""
        who = identity(called)
        self.people[who] = Person(who, **({"has_phone": True} | known))  # type: ignore[arg-type]
        return who

    def write(self, kind: str, at: str, body: dict[str, object], box: str = "box-1") -> str:
        """Write an entry at noon UTC of a day; return its content id."""
        self._written += 1
        entry = identity(f"{box} {self._written}")
        noon = datetime.fromisoformat(f"{at}T12:00:00").replace(tzinfo=UTC)
        stamp = Stamp(1, self._written, int(noon.timestamp() * 1000), ClockQuality.NTP)
        fact = facts_of(kind, body, stamp, Origin(entry, box, (1, self._written)))
        if fact is not None:
            self.facts.append(fact)
        return entry

    def enrolled(self, who: str, day: str, programme: str = "hypertension", **more: object) -> str:
        """Enrol somebody on a day; return the entry's content id."""
        body = {"episode": identity(f"{who} {programme}"), "patient": who, "programme": programme}
        return self.write("programme", day, {**body, "state": "enrolled", "day": day, **more})

    def visit(self, who: str, at: str, **more: object) -> str:
        """Open a visit on a day; return the visit's id."""
        visit = identity(f"visit {self._written} of {who}")
        body = {"visit": visit, "patient": who, "mode": "worker", "station": "main", "day": at}
        self.write("visit-opened", at, {**body, **more})
        return visit

    def measured(self, who: str, day: str, systolic: int = 120, diastolic: int = 80) -> str:
        """Measure somebody's pressure in a visit of that day; return the reading's content id."""
        visit = self.visit(who, day)
        body = {"kind": "blood-pressure", "source": "device", "device": "ble-1"}
        values = {"values": pressure(systolic, diastolic), "patient": who, "visit": visit}
        return self.write("reading", day, body | values)

    def booked(self, who: str, day: str, due: str, state: str = "booked") -> str:
        """Ask somebody to come on a day; return the entry's content id."""
        appointment = identity(f"appointment {who} {due}")
        body = {"appointment": appointment, "patient": who, "due": due, "state": state, "day": day}
        return self.write("appointment", day, body | {"programme": "hypertension"})

    def called(self, who: str, day: str, outcome: str) -> str:
        """Call somebody; return the entry's content id."""
        return self.write("call", day, {"patient": who, "outcome": outcome, "day": day})
