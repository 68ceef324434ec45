"""A year of a clinic with two boxes, lived by the product's own verbs from a seed.

People are registered, enrolled in three programmes, come or stay away, are called, die, move, are
entered twice and linked, and mistakes are corrected. The hospital gets the records in any order,
those of the second box up to ninety days late.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hand_clock import HandClock
from readings import cuff, pressure

from edge.care import appointments, calls, episodes, immunizations
from edge.care.calls import Call
from edge.care.episodes import Outcome
from edge.care.immunizations import Dose
from edge.feed import replica
from edge.model.clock import Stamp
from edge.model.entry import Lane
from edge.model.feed_item import Cursor
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake, retract
from edge.readings.intake import AcceptedReading
from edge.reports import box_facts
from edge.store import taken_back
from edge.store.store import Store
from edge.visits import moving, notes, visits
from hospital.archive import Archive
from hospital.feed.feed import ClinicFeed, lock
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import master_index
from hospital.receiving import apply
from sync.keys.keys import BoxKeys

CLINIC = "Chak 14"
YEAR = 2027
PROGRAMMES = ("hypertension", "diabetes", "antenatal-care")
NOON_UTC = 11
"""An hour at which it is the same day in nearly every zone: the product reads the machine's."""

CALL_OUTCOMES = ("agreed", "remind", "not-reached", "wrong-number", "moved", "refused", "other")


@dataclass
class Person:
    """Somebody in the simulation: who, in which programme, and when they are to come again."""

    id: str
    programme: str
    diligence: float
    due: date | None = None
    is_gone: bool = False
    doses: int = 0


@dataclass
class LivedBox:
    """One box: its file, its clock, its people."""

    store: Store
    hand: HandClock
    people: list[Person] = field(default_factory=list)
    sent: int = 0

    def at(self, day: date) -> Stamp:
        """Let it be a moment of a day, later than the last one."""
        noon = datetime(day.year, day.month, day.day, NOON_UTC, tzinfo=UTC)
        behind = noon.timestamp() - self.hand.now().wall_ms / 1000
        return self.hand.advance(max(behind, 1))


class ClinicYear:
    """Two boxes and their hospital through a year."""

    def __init__(self, folder: Path, archive: Archive, seed: int, people: int) -> None:
        self.chance = random.Random(seed)
        self.way = random.Random(seed)  # its own: how many records there are changes no life
        self.archive, self.people = archive, people
        begin = datetime(YEAR, 1, 1, NOON_UTC, tzinfo=UTC).timestamp() * 1000
        self.boxes: list[LivedBox] = []
        for name in ("box-a", "box-b"):
            store = Store.create(folder / f"{name}.db", name)
            hand = HandClock(wall_ms=int(begin))
            self.boxes.append(LivedBox(store, hand))
            box_facts.state_offset(store, hand.now(), 300)
            with archive.transaction():
                keys = BoxKeys.generate().public
                boxes.enter(archive, Box(name, CLINIC, keys, name[-1], int(begin)))

    def live(self) -> None:
        """Live the year; everything has arrived at the hospital in the end."""
        for day in days():
            for place, box in enumerate(self.boxes):
                with box.store.transaction():
                    self._day(box, day, share=(0.7, 0.3)[place])
            if day.day == 15:
                self._send(self.boxes[0])
            if day.month % 3 == 0 and day.day == 28:  # the second box comes every ninety days
                self._send(self.boxes[1])
                self._link()
                self._tell()
        for box in self.boxes:
            self._send(box)
        self._link()
        self._tell()

    def close(self) -> None:
        """Close the boxes' files."""
        for box in self.boxes:
            box.store.close()

    # --- a day at a box ---------------------------------------------------------------------------

    def _day(self, box: LivedBox, day: date, share: float) -> None:
        for _ in range(self._poisson(self.people * share / 300)):
            if day.month <= 10:
                self._enrol(box, day)
        for person in box.people:
            if person.due is not None and not person.is_gone:
                self._come_or_stay_away(box, person, day, (day - person.due).days)
        if box.people and self.chance.random() < 0.2:
            self._alone(box, self.chance.choice(box.people), day)

    def _come_or_stay_away(self, box: LivedBox, person: Person, day: date, late: int) -> None:
        if late == 0 and self.chance.random() < person.diligence:
            self._visit(box, person, day)
        elif late in (7, 20, 45) and self.chance.random() < 0.7:
            self._call(box, person, day)
        elif late > 0 and self.chance.random() < 0.02:
            self._visit(box, person, day)

    def _enrol(self, box: LivedBox, day: date) -> None:
        number = self.chance.randrange(10**6)
        phone = f"0301{number:07}" if self.chance.random() < 0.8 else ""
        sex = self.chance.choice(("female", "male"))
        birth = str(self.chance.randrange(1940, 2004))
        form = PatientForm(f"Person {number}", sex, birth, village="Thar", phone=phone)
        who = register.register(box.store, box.at(day), form, None)
        person = Person(who.id, self.chance.choice(PROGRAMMES), self.chance.uniform(0.4, 0.95))
        facts = {"lmp": (day - timedelta(days=self.chance.randrange(40, 160))).isoformat()}
        facts = facts if person.programme == "antenatal-care" else {}
        episodes.enrol(box.store, box.at(day), who.id, person.programme, None, facts=facts)
        box.people.append(person)
        self._visit(box, person, day)

    def _visit(self, box: LivedBox, person: Person, day: date) -> None:
        store, chance = box.store, self.chance
        if chance.random() < 0.05 and day.day > 9:  # typed in later from paper
            written = day - timedelta(days=chance.randrange(1, 9))
            visit = visits.open_paper(store, box.at(day), person.id, written, None, actor=None)
        else:
            visit = visits.open_visit(store, box.at(day), person.id, actor=None)
        entry = self._measure(box, person, visit.id, day)
        notes.write(store, box.at(day), visit.id, {"outcome": "home"}, actor=None)
        visits.close_visit(store, box.at(day), why="finished", station=visit.station, actor=None)
        if chance.random() < 0.1:
            person.doses += 1
            dose = Dose("td", person.doses)
            immunizations.give(store, box.at(day), person.id, dose, None, visit=visit.id)
        person.due = day + timedelta(days=chance.choice((28, 30, 42, 60)))
        appointments.book(
            store, box.at(day), person.id, person.due.isoformat(), None, programme=person.programme
        )
        self._correct(box, person, visit.id, entry, day)

    def _measure(self, box: LivedBox, person: Person, visit_id: str, day: date) -> int:
        upper, lower = self.chance.randrange(110, 178), self.chance.randrange(64, 102)
        device = self.chance.choice(("cuff-1", "cuff-2", None))
        reading = cuff(box.at(day), pressure(upper, lower), device=device, patient=person.id)
        outcome = intake.accept(box.store, replace(reading, visit_id=visit_id))
        assert isinstance(outcome, AcceptedReading)
        return outcome.entry

    def _correct(self, box: LivedBox, person: Person, visit_id: str, entry: int, day: date) -> None:
        store, kind = box.store, self.chance.random()
        other = self.chance.choice(box.people)
        if kind < 0.01:
            retract.strike(store, box.at(day), entry, "trial", actor="a")
        elif kind < 0.02 and other.id != person.id:
            retract.to_tray(store, box.at(day), entry, actor="a")
            intake.claim(store, box.at(day), entry, other.id, actor="a")
        elif kind < 0.03 and other.id != person.id:
            moving.move(store, box.at(day), visit_id, other.id, visit_id, actor="a")
        elif kind < 0.037:
            died = day + timedelta(days=1)
            register.correct(store, box.at(died), person.id, {"deceased": died.isoformat()}, None)
            person.is_gone = True
        elif kind < 0.045:
            for episode in (e for e in episodes.of_patient(store, person.id) if e.is_open):
                away = Outcome("transferred", place="Gilgit")
                episodes.end(store, box.at(day), episode.id, away, None)
                person.is_gone = True

    def _call(self, box: LivedBox, person: Person, day: date) -> None:
        outcome = "died" if self.chance.random() < 0.02 else self.chance.choice(CALL_OUTCOMES)
        remind = (day + timedelta(days=7)).isoformat() if outcome == "remind" else None
        call = Call(outcome, remind=remind)
        kept = calls.note(box.store, box.at(day), person.id, call, None)
        if self.chance.random() < 0.05:
            taken_back.take_back(box.store, box.at(day), kept.entry, "wrong line", actor=None)
        elif outcome == "died":
            person.is_gone = True
        elif outcome == "agreed":
            person.due = day + timedelta(days=self.chance.randrange(1, 20))

    def _alone(self, box: LivedBox, person: Person, day: date) -> None:
        if person.is_gone:
            return
        visit = visits.open_visit(box.store, box.at(day), person.id, actor=None, mode="alone")
        self._measure(box, person, visit.id, day)
        visits.close_visit(box.store, box.at(day), why="finished", actor=None)

    def _poisson(self, mean: float) -> int:
        whole = int(mean)
        return whole + (self.chance.random() < mean - whole)

    # --- the way to the hospital and back ---------------------------------------------------------

    def _send(self, box: LivedBox) -> None:
        """Bring what is new to the hospital: in batches of any size, in any order."""
        known = boxes.get(self.archive, box.store.box_id())
        assert known is not None
        batches = list(_batches(self.way, list(_since(box.store, box.sent))))
        self.way.shuffle(batches)
        for lane, first, records in batches:
            with self.archive.transaction():
                apply.keep(self.archive, known, (1, lane, first), records, first)
        box.sent = box.store.journal_position()

    def _link(self) -> None:
        """Link some records that are one person, as a nurse at the desk does."""
        rows = self.archive.rows(
            "SELECT id FROM patient WHERE id NOT IN (SELECT duplicate FROM patient_link)"
            " AND id NOT IN (SELECT kept FROM patient_link) ORDER BY name"
        )
        ids = [row["id"] for row in rows]
        for _ in range(min(len(ids) // 60, 6)):
            kept, twice = self.chance.sample(ids, 2)
            ids = [i for i in ids if i not in (kept, twice)]
            master_index.link(self.archive, twice, kept, "nurse", 1)

    def _tell(self) -> None:
        """Bring the clinic's feed to both boxes."""
        with self.archive.transaction():
            head: ClinicFeed = lock(self.archive, CLINIC)
            changes = head.since(0, 10**6)
        for box in self.boxes:
            with box.store.transaction():
                box.store.execute("DELETE FROM patient_edit")  # all of them have arrived
            replica.apply(box.store, changes, Cursor(head.now.epoch, head.now.ver))


def days() -> Iterator[date]:
    """Yield the days of the year."""
    day = date(YEAR, 1, 1)
    while day.year == YEAR:
        yield day
        day += timedelta(days=1)


def _since(store: Store, after: int) -> Iterator[tuple[str, int, bytes]]:
    """Yield lane, sequence and record of the entries after one."""
    rows = store.rows(
        "SELECT o.lane, o.seq, j.record FROM outbox o JOIN journal j ON j.id = o.entry"
        " WHERE o.entry > ? ORDER BY o.lane, o.seq",
        (after,),
    )
    for row in rows:
        yield row["lane"], row["seq"], row["record"].encode("utf-8")


def _batches(
    chance: random.Random, records: Sequence[tuple[str, int, bytes]]
) -> Iterator[tuple[str, int, list[bytes]]]:
    for lane in (Lane.ALERT.value, Lane.CLINICAL.value):
        own = [(seq, record) for of, seq, record in records if of == lane]
        place = 0
        while place < len(own):
            size = chance.randrange(1, 400)
            part = own[place : place + size]
            yield lane, part[0][0], [record for _, record in part]
            place += size
