"""Healthpost under the clock: the real intake, courier, Mosquitto, receive worker and archive."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.link import meter
from benchmarks.link.readings import people, readings
from edge.model.entry import content_id
from edge.model.reading import Reading
from edge.readings import intake
from edge.store import outbox
from edge.store.store import Store
from provisioning.box_setup import init_box, set_link
from provisioning.demo import command
from provisioning.enrol import enrol

READY_S = 60
DRAIN_S = 180
TAIL_BYTES = 1_500
"""Acknowledgements of the last receipts; whatever left before them was frames."""


class Hospital:
    """A hospital of its own with a real Mosquitto, on SQLite or PostgreSQL."""

    def __init__(self, home: Path, archive: str = "sqlite") -> None:
        self.home = home
        self.archive = archive
        self.broker_port = meter.free_port()
        self._environment = {**os.environ, "HEALTHPOST_HOSPITAL_HOME": str(home)}
        self._desk_port = meter.free_port()
        self._process: subprocess.Popen[bytes] | None = None
        command(
            self._environment,
            *("hospital", "init", "--name", "Bench", "--broker", "mosquitto"),
            *("--archive", archive, "--desk-port", str(self._desk_port)),
            *("--broker-port", str(self.broker_port)),
        )

    def start(self) -> None:
        """Start broker, worker and desk, and wait until they answer."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "provisioning.cli", "hospital", "serve"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.home / "log").open("ab"),
        )
        meter.wait(lambda: meter.listens(self._desk_port), READY_S, "the desk")
        meter.wait(lambda: meter.listens(self.broker_port), READY_S, "the broker")

    def stop(self) -> None:
        """End it all."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def claim(self) -> str:
        """Return a fresh claim for a box."""
        words = ("hospital", "claim", "--clinic", "Bench", "--this-machine")
        return str(command(self._environment, *words)["claim"])

    def pids(self, name: str) -> list[int]:
        """Return the processes whose command line holds `name`."""
        if self._process is None:
            return []
        return [pid for pid in meter.tree([self._process.pid]) if name in _command_line(pid)]

    def record_ids(self, box_id: str) -> Counter[str]:
        """Return the ids of a box's records in the archive, counted."""
        from hospital.archive.open import open_archive
        from hospital.archive.settings import HospitalSettings

        archive = open_archive(HospitalSettings.load(self.home))
        try:
            rows = archive.rows("SELECT id FROM record WHERE box = ?", (box_id,))
            return Counter(str(row["id"]) for row in rows)
        finally:
            archive.close()


class Box:
    """An enrolled box whose courier goes through a relay that counts."""

    def __init__(self, home: Path, hospital: Hospital) -> None:
        self.home = home
        self.settings = init_box(home, "Bench")
        enrol(home, hospital.claim())
        self.relay = meter.Relay(hospital.broker_port)
        set_link(home, "127.0.0.1", self.relay.port)
        self._shorten_retry()
        self.store = Store.open(self.settings.database)
        self._people = people(self.store, self.store.clock().now())
        self._courier: subprocess.Popen[bytes] | None = None

    def accept(self, count: int, start: int = 0, group: int = 1) -> None:
        """Take readings in through the intake, `group` to a transaction."""
        stamp = self.store.clock().now()
        batch: list[Reading] = []
        for reading in readings(count, stamp, start, self._people):
            batch.append(reading)
            if len(batch) == group:
                self._take(batch)
                batch = []
        self._take(batch)

    def accept_killed(self, count: int, start: int, kills: int) -> dict[str, int]:
        """Take readings in by a process that is killed -9 so often, anywhere; count what is amiss.

        The source sends again from the first reading that was not acknowledged.
        """
        chance = random.Random(start)
        number, end, held = start, start + count, Counter[int]()
        for kill in range(kills + 1):
            command = [sys.executable, "-m", "benchmarks.link.acknowledge"]
            work = subprocess.Popen(
                [*command, str(self.settings.database), str(number), str(end)],
                stdout=subprocess.PIPE,
            )
            assert work.stdout is not None
            goal = number + chance.randrange(1, max(2, (end - number) // (kills - kill + 1)))
            for line in work.stdout:
                number = int(line) + 1
                if kill < kills and number == goal:
                    time.sleep(chance.random() / 500)
                    work.kill()  # what it has printed meanwhile is still read
            work.wait()
        rows = self.store.rows(
            "SELECT json_extract(record, '$.body.record') AS n FROM journal WHERE kind = 'reading'"
        )
        held.update(int(row["n"]) for row in rows if start <= int(row["n"]) < end)
        return {
            "acknowledged": number - start,
            "kills": kills,
            "lost": sum(n not in held for n in range(start, number)),
            "doubled": sum(times - 1 for times in held.values()),
        }

    def start(self) -> subprocess.Popen[bytes]:
        """Start the courier."""
        self._courier = subprocess.Popen(
            [sys.executable, "-m", "sync.courier"],
            env={**os.environ, "HEALTHPOST_HOME": str(self.home)},
            stderr=(self.home / "log").open("ab"),
        )
        return self._courier

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the courier."""
        if self._courier is not None:
            self._courier.send_signal(number)
            self._courier.wait()
            self._courier = None

    def waiting(self) -> int:
        """Return how many records no receipt covers yet."""
        return outbox.ledger(self.store).waiting

    def record_ids(self) -> Counter[str]:
        """Return the ids that the hospital must hold, each once."""
        rows = self.store.rows("SELECT record FROM journal")
        box_id = self.settings.box_id
        return Counter(str(content_id(box_id, row["record"].encode())) for row in rows)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self.relay.close()
        self.store.close()

    def _take(self, batch: list[Reading]) -> None:
        intake.accept_all(self.store, [(reading, None) for reading in batch])

    def _shorten_retry(self) -> None:
        # So that a hospital that comes back is noticed in a second, not in a quarter of an hour.
        file = self.home / "healthpost.toml"
        file.write_text(file.read_text().replace("[link]\n", "[link]\nretry_cap_s = 1\n", 1))


@dataclass(frozen=True, slots=True)
class Drained:
    """One drain of a backlog, from the first receipt to the last."""

    readings: int
    timed: int
    seconds: float
    broker_seconds: float
    cpu_box_s: float
    cpu_hospital_s: float
    wire_bytes: int
    box_written: int
    lost: int
    doubled: int

    @property
    def rate(self) -> float:
        """Readings committed at the hospital a second."""
        return self.timed / self.seconds

    @property
    def broker_rate(self) -> float:
        """Readings handed to the broker a second: timed until the last frame had left."""
        return self.timed / max(self.broker_seconds, meter.POLL_S)


def drain(box: Box, hospital: Hospital, kills: int = 0) -> Drained:
    """Drain what waits; with `kills`, kill -9 courier and receive worker so often on the way."""
    chance = random.Random(kills)
    total = box.waiting()
    before = meter.cost(hospital.pids("hospital.receiving.worker"))
    wire = box.relay.total
    courier = box.start()
    spent = [meter.Cost(0, 0)]
    left_box: list[tuple[float, int]] = []

    def done() -> bool:
        spent[-1] = meter.cost([courier.pid])
        left_box.append((time.monotonic(), box.relay.up))
        return box.waiting() == 0

    meter.wait(lambda: done() or box.waiting() < total, READY_S, "the first receipt")
    left = box.waiting()  # what came before the clock started does not count
    seconds, begin = 0.0, time.monotonic()
    for kill in range(kills):
        goal = total - total * (kill + 1) // (kills + 2)
        seconds += meter.wait(partial(_is_down_to, box, goal), DRAIN_S, "the drain")
        done()
        if chance.random() < 0.5:
            box.stop(signal.SIGKILL)
            courier = box.start()
            spent.append(meter.Cost(0, 0))
        else:
            for pid in hospital.pids("hospital.receiving.worker"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    seconds += meter.wait(done, DRAIN_S, "the drain")
    after = meter.cost(hospital.pids("hospital.receiving.worker"))
    gone = next(at for at, up in left_box if up >= left_box[-1][1] - TAIL_BYTES)
    wire = box.relay.total - wire
    box.stop()
    wanted, held = box.record_ids(), hospital.record_ids(box.settings.box_id)
    return Drained(
        readings=total,
        timed=left,
        seconds=seconds,
        broker_seconds=gone - begin,
        cpu_box_s=sum(s.cpu_s for s in spent),
        cpu_hospital_s=after.since(before).cpu_s,
        wire_bytes=wire,
        box_written=sum(s.written for s in spent),
        lost=len(wanted - held),
        doubled=sum((held - wanted).values()),
    )


def _is_down_to(box: Box, goal: int) -> bool:
    return box.waiting() <= goal


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\x00", b" ").decode()
    return ""
