"""Any process may die at any moment: what the screen showed as accepted is never lost or doubled.

The whole system runs as it does in the demo, with a real Mosquitto; only the simulated devices and
the supervisors are spared. `HEALTHPOST_KILLS=SEEDxCOUNT` kills more often (`scripts/trials kill`).
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from eventually import eventually

from edge.model.entry import content_id
from edge.readings import history
from edge.store import outbox
from edge.store.store import Store
from hospital.archive.sqlite import SqliteArchive
from provisioning.demo import RunningDemo, running

SEED, ROUNDS = (int(n) for n in os.environ.get("HEALTHPOST_KILLS", "2026x50").split("x"))
pytestmark = [pytest.mark.system, pytest.mark.timeout(12 * ROUNDS)]


@pytest.fixture
def demo() -> Iterator[RunningDemo]:
    """A running clinic whose devices measure all the time."""
    with running(every_s=0.5, broker="mosquitto") as whole:
        yield whole


def test_many_kills_lose_nothing_and_double_nothing(demo: RunningDemo) -> None:
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    with opened(demo) as store:
        accepted: dict[int, bytes] = {}
        for _ in range(ROUNDS):
            before = store.journal_position()
            eventually(lambda at=before: store.journal_position() > at, within_s=60)
            accepted |= readings(store)
            killed[kill_one(demo, chance)] += 1
        demo.ward.quiet()
        eventually(lambda: outbox.ledger(store).waiting == 0, within_s=120)
        held = readings(store)
        everything = records(store)
        box_id = store.box_id()
    assert {entry: held.get(entry) for entry in accepted} == accepted
    assert len(killed) >= 5, killed
    assert len(accepted) >= ROUNDS // 2
    archived = Counter(archived_ids(demo))
    assert archived == Counter(str(content_id(box_id, record)) for record in everything)


def test_a_box_killed_offline_before_its_first_contact_keeps_every_reading(
    demo: RunningDemo,
) -> None:
    with opened(demo) as store:
        hospital = next(child for child in demo.children if child.name == "hospital")
        demo.children.remove(hospital)
        hospital.stop()
        confirmed = outbox.ledger(store).confirmed
        for _ in range(3):
            before = len(readings(store))
            eventually(lambda count=before: len(readings(store)) >= count + 3, within_s=60)
            accepted = readings(store)
            for name, pid in processes(demo):
                if name != "hospital":
                    os.kill(pid, signal.SIGKILL)
            assert {entry: readings(store).get(entry) for entry in accepted} == accepted
        assert outbox.ledger(store).confirmed == confirmed
        demo.children.append(hospital)
        hospital.deaths, hospital.process = 0, None
        demo.ward.quiet()
        eventually(lambda: outbox.ledger(store).waiting == 0, within_s=120)
        assert all(recorded.confirmed for recorded in history.in_tray(store))
        expected = Counter(str(content_id(store.box_id(), r)) for r in records(store))
    assert Counter(archived_ids(demo)) == expected


@contextmanager
def opened(demo: RunningDemo) -> Iterator[Store]:
    store = Store.open(demo.settings.database)
    try:
        yield store
    finally:
        store.close()


def kill_one(demo: RunningDemo, chance: random.Random) -> str:
    """Kill -9 one process, chosen among all that are alive; return its name."""
    name, pid = chance.choice(eventually(lambda: processes(demo)))
    for child in demo.children:
        child.deaths = 0  # so many deaths in two minutes are the test's doing, not the program's
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return name


def processes(demo: RunningDemo) -> list[tuple[str, int]]:
    """Every process of box and hospital, with a name: the hospital's supervisor is spared."""
    found = []
    for child in list(demo.children):
        if child.process is None or child.process.poll() is not None:
            continue
        if child.name == "hospital":
            found += [(f"hospital-{i}", pid) for i, pid in enumerate(below(child.process.pid))]
        else:
            found.append((child.name, child.process.pid))
    return found


def below(pid: int) -> list[int]:
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in text.split()]
    return []


def readings(store: Store) -> dict[int, bytes]:
    rows = store.rows("SELECT j.id, j.record FROM journal j JOIN reading r ON r.entry = j.id")
    return {row["id"]: row["record"].encode() for row in rows}


def records(store: Store) -> list[bytes]:
    return [row["record"].encode() for row in store.rows("SELECT record FROM journal")]


def archived_ids(demo: RunningDemo) -> list[str]:
    home = Path(demo.hospital["HEALTHPOST_HOSPITAL_HOME"])
    archive = SqliteArchive.open(home / "archive.db")
    try:
        return [str(row["id"]) for row in archive.rows("SELECT id FROM record")]
    finally:
        archive.close()
