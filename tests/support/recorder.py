"""A worker at a box who never rests: `python recorder.py HOME PROMISES SEED EVERY_S`.

Registers people, opens visits, measures, raises alerts, takes photos, until SIGTERM. Whatever has
been committed to the journal is then appended to the file PROMISES, one record a line: that is what
was promised, and the file stands on another medium than the box's.
"""

from __future__ import annotations

import random
import signal
import sys
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import TextIO

from edge.files import attachments
from edge.files.attachments import Subject
from edge.model.errors import StoreError
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.store.store import Store
from edge.visits import visits

NAMES = ("Zulaikha Canarybibi", "Ghulam Canarykhan", "زلیخا کینری", "白鹤金丝雀")
PHONES = ("+923005550199", "+923455550188")
CARDS = ("42201-5550777-1", "36302-5550888-3")
VILLAGE = "Canarypur"
CANARIES = (*NAMES, "3005550199", "3455550188", *CARDS, VILLAGE, "canary-in-a-photo")
"""What no broker may ever see; a phone number also without its country."""

PHOTO = b"\xff\xd8 canary-in-a-photo " * 700


class Worker:
    """One seeded pair of hands."""

    def __init__(self, home: Path, promises: Path, seed: int) -> None:
        self._home, self._file = home, promises
        self._chance = random.Random(seed)
        self._store = Store.open(home / "box.db")
        self._seen = self._store.journal_position()
        self._people: list[str] = []

    def run(self, every_s: float, stop: Event) -> None:
        """Work until told to stop."""
        with self._file.open("a", encoding="utf-8") as told:
            told.write("\n")  # the last of us may have died in the middle of a line
            while not stop.wait(every_s):
                try:
                    self._act()
                except StoreError:
                    continue  # another process held the file for long: nothing was promised
                self._promise(told)
        self._store.close()

    def _act(self) -> None:
        act = self._chance.random()
        if not self._people or act < 0.08:
            self._register()
        elif act < 0.1:
            self._photograph()
        elif act < 0.2:
            self._see(self._chance.choice(self._people))
        else:
            self._measure()

    def _register(self) -> None:
        number = len(self._people)
        form = PatientForm(
            name=f"{self._chance.choice(NAMES)} {self._chance.randrange(10_000)}",
            sex="female",
            birth="1961",
            village=VILLAGE,
            phone=self._chance.choice(PHONES),
            card=self._chance.choice(CARDS) if number < 1 else "",
        )
        now = self._store.clock().now()
        held = register.search(self._store, form.name)
        self._people.append(held[0].id if held else self._new(form))
        visits.open_visit(self._store, now, self._people[-1], actor=None)

    def _new(self, form: PatientForm) -> str:
        return register.register(self._store, self._store.clock().now(), form, None).id

    def _see(self, patient: str) -> None:
        visits.open_visit(self._store, self._store.clock().now(), patient, actor=None)

    def _photograph(self) -> None:
        now, about = self._store.clock().now(), Subject(patient=self._people[-1])
        attachments.add(self._store, self._home, now, PHOTO, "image/jpeg", about)

    def _measure(self) -> None:
        spo2 = 84 if self._chance.random() < 0.05 else 97
        values = (
            Value(Code.SPO2, Decimal(spo2), "%"),
            Value(Code.PULSE, Decimal(self._chance.randrange(55, 110)), "/min"),
        )
        number = f"{self._chance.randrange(1 << 40):x}-{self._seen}"
        measured = Measurement(Kind.OXIMETRY, values, record=number)
        now = self._store.clock().now()
        intake.accept(self._store, Reading(measured, now, "device", device_id="ble:oxi-1"))

    def _promise(self, told: TextIO) -> None:
        sql = "SELECT id, record FROM journal WHERE id > ? ORDER BY id"
        for row in self._store.rows(sql, (self._seen,)):
            told.write(row["record"] + "\n")
            self._seen = row["id"]
        told.flush()


def main(home: str, promises: str, seed: str, every_s: str) -> None:
    """Work until SIGTERM."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Worker(Path(home), Path(promises), int(seed)).run(float(every_s), stop)


if __name__ == "__main__":
    main(*sys.argv[1:5])
