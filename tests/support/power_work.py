"""What a child does while a power cut is recorded: `python power_work.py WORK FOLDER [PRAGMA]`.

Each work uses the product's own functions, and promises at each return what they promise. `check`
is the other half: what must hold of the files that a cut has left. A pragma is a mistake put
into every connection, as "synchronous = NORMAL".
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from box_on_wire import HOSPITAL, KEYS, NOW_MS, Desk, Sender, enrolled
from hand_clock import HandClock
from power_cut import Cut, Event, promise
from readings import cuff, pressure

from edge.files import attachments
from edge.jobs import backup as box_backup
from edge.model.entry import Lane
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.store import copies, durable, outbox, pruning
from edge.store.store import Store
from hospital.archive.settings import HospitalSettings
from hospital.archive.sqlite import SqliteArchive
from hospital.cli.init import create_hospital
from hospital.fleet.authority import Authority
from hospital.receiving import backup
from provisioning import box_setup
from sync.bundles import bundle_format
from sync.bundles.bundle_format import Opening
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import BoxKeys, HospitalKeys, kid

Promises = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a child does in a folder, and what must hold of what is left of it."""

    do: Callable[[Path], None]
    check: Callable[[Cut, Promises], None]


# --- the box's file, its photos and its copies ------------------------------------------------


class WatchedStore(Store):
    """A box's file that promises, when a transaction has returned, all that is in it."""

    def __init__(self, *opened: Any) -> None:
        super().__init__(*opened)
        _spoil(self._connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        outermost = not self._connection.in_transaction
        with super().transaction():
            yield
        if outermost:
            promise(holds=_digest(self._connection))


def _box(folder: Path) -> None:
    settings, clock = Settings(home=folder, box_id="box-one", clinic="Thar"), HandClock()
    store = WatchedStore.create(folder / "box.db", "box-one")
    for number in range(1, 25):
        _record(store, clock, number)
        if number % 6 == 0:
            data = bytes([number]) * 9000
            attachments.add(store, folder, clock.advance(1), data, "image/jpeg")
            box_backup.run(store, settings, clock.now())
            promise(copy=_newest(folder), holds=_digest(store._connection))
        if number % 5 == 0:
            store.scalar("PRAGMA wal_checkpoint(PASSIVE)")
        if number % 8 == 0:  # whoever closes last moves all to the file and takes the WAL away
            store.close()
            store = WatchedStore.open(folder / "box.db")
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last - 2, clock.advance(1))
    pruning.prune(store, Lane.CLINICAL, clock.advance(10_000).wall_ms, history=True)
    outbox.start_epoch(store, 2, clock.advance(1), "power")
    store.close()


def _record(store: Store, clock: HandClock, number: int) -> None:
    values = pressure(190 if number % 7 == 0 else 100 + number)
    reading = cuff(clock.advance(1000), values, record=str(number), time=None)
    intake.accept(store, reading)


def _newest(folder: Path) -> str:
    return copies.listed(folder / "backup")[0].file.name


def _check_box(cut: Cut, promises: Promises) -> None:
    states = _states(promises)
    file = cut.folder / "box.db"
    if not file.exists() or not file.stat().st_size:
        assert cut.promised == 0, "the box's file is gone"
        return
    store = Store.open(cut.folder / "box.db")
    try:
        _check_state(store._connection, cut, promises)
        kept = [r["id"] for r in store.rows("SELECT id FROM file")]
        for file in kept:
            data = attachments.path(cut.folder, file).read_bytes()
            assert len(data) == 9000, "a photo of the journal is not whole"
            assert data == data[:1] * 9000, "a photo of the journal is torn"
    finally:
        store.close()
    found = [copy.file for copy in copies.listed(cut.folder / "backup")]
    for copy in found:
        assert _digest_of(copy) in states, f"{copy.name} is not whole"
    made = [p["copy"] for p in promises[: cut.promised] if "copy" in p]
    gone = made[-1:] and made[-1] not in [copy.name for copy in found]
    assert not gone, "the newest copy is gone"


# --- the hospital's archive and its copies ----------------------------------------------------


class WatchedArchive(SqliteArchive):
    """An archive that promises, when a transaction has returned, all that is in it."""

    def __init__(self, *opened: Any) -> None:
        super().__init__(*opened)
        _spoil(self._connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        outermost = not self._connection.in_transaction
        with super().transaction():
            yield
        if outermost:
            promise(holds=_digest(self._connection))


def _archive(folder: Path) -> None:
    archive = WatchedArchive.open(folder / "archive.db")
    desk, box = Desk(enrolled(archive)), Sender()
    desk.admit(box)
    durable.make_folder(folder / "copies")
    for first in range(1, 31, 3):
        desk.receipt(box.frame(first, 3))
        if first % 9 == 1:
            to = folder / "copies" / f"{first}.copy"
            backup.back_up(archive, to, NOW_MS, trusted=True)
        if first % 5 == 0:
            archive.rows("PRAGMA wal_checkpoint(PASSIVE)")
        if first % 13 == 0:
            archive.close()
            archive = WatchedArchive.open(folder / "archive.db")
            desk = Desk(archive)
    archive.close()


def _check_archive(cut: Cut, promises: Promises) -> None:
    states = _states(promises)
    if not (cut.folder / "archive.db").exists():
        assert cut.promised == 0, "the archive is gone"
        return
    archive = SqliteArchive.open(cut.folder / "archive.db")
    try:
        _check_state(archive._connection, cut, promises)
        told = [Path(r["place"]).name for r in archive.rows("SELECT place FROM backup")]
    finally:
        archive.close()
    for name in told:
        copy = cut.folder / "copies" / name
        assert copy.exists(), "a copy that boxes were told of is gone"
    for copy in cut.folder.glob("copies/*.copy"):
        assert _digest_of(copy) in states, f"{copy.name} is not whole"


# --- copies, when SQLite flushes nothing by itself --------------------------------------------


def _copies(folder: Path) -> None:
    """Make copies of both ends; whether SQLite flushes what VACUUM writes is its own affair."""
    settings, clock = Settings(home=folder, box_id="box-one", clinic="Thar"), HandClock()
    store = Store.create(folder / "box.db", "box-one")
    archive = enrolled(SqliteArchive.open(folder / "archive.db"))
    for connection in (store._connection, archive._connection):
        connection.execute("PRAGMA synchronous = OFF")
    durable.make_folder(folder / "copies")
    for number in range(6):
        _record(store, clock, number)
        box_backup.run(store, settings, clock.now())
        promise(copy=f"backup/{_newest(folder)}", holds=_digest(store._connection))
        to = folder / "copies" / f"{number}.copy"
        holds = _digest(archive._connection)
        backup.back_up(archive, to, NOW_MS, trusted=True)
        promise(copy=f"copies/{to.name}", holds=holds)


def _check_copies(cut: Cut, promises: Promises) -> None:
    made = {str(p["copy"]): str(p["holds"]) for p in promises}
    for name in [str(p["copy"]) for p in promises[: cut.promised]][-2:]:
        assert (cut.folder / name).exists(), f"{name} is gone"
    for name, holds in made.items():
        if (cut.folder / name).exists():
            assert _digest_of(cut.folder / name) == holds, f"{name} is not whole"


# --- keys and settings ------------------------------------------------------------------------


def _keys(folder: Path) -> None:
    box, hospital = folder / "box", folder / "hospital"
    box_setup.init_box(box, "Thar")
    _promise_tree(folder)
    keys = BoxKeys.generate()
    keys.save(box / "keys")
    _promise_tree(folder)
    create_hospital(HospitalSettings(home=hospital, name="District"))
    _promise_tree(folder)
    authority = Authority.open(hospital / "authority")
    _promise_tree(folder)
    for number in range(4):
        far = HospitalKeys.generate()
        membership.keep(box / "keys", _grant(authority, far, number))
        _promise_tree(folder)
        box_setup.set_link(box, "broker.example", 8883 + number)
        _promise_tree(folder)
        membership.follow_key(box / "keys", HospitalKeys.generate().public.decrypt)
        _promise_tree(folder)
        authority.revoke(f"{number + 1:x}", _now())
        _promise_tree(folder)


def _grant(authority: Authority, far: HospitalKeys, number: int) -> Grant:
    """Return what a hospital grants; each time all of it is new."""
    public = far.public
    certificate = authority.root_pem + b"# %d\n" % number
    names = certificate.decode("ascii"), f"ca {number}\n" * 500
    return Grant(*names, public.sign, public.decrypt, "broker.example", 8883, "Thar")


def _now() -> datetime:
    return datetime(2026, 11, 30, tzinfo=UTC)


def _promise_tree(folder: Path) -> None:
    promise(files={str(f.relative_to(folder)): _hash(f) for f in _files(folder)})


def _files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.rglob("*") if f.is_file() and ".db" not in f.suffix)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _check_keys(cut: Cut, promises: Promises) -> None:
    """Each file is the one that was promised, or the one that was just being written."""
    before: Mapping[str, str] = promises[cut.promised - 1]["files"] if cut.promised else {}
    after: Mapping[str, str] = {}
    if cut.promised < len(promises):
        after = promises[cut.promised]["files"]
    found = {str(f.relative_to(cut.folder)): _hash(f) for f in _files(cut.folder)}
    for name in before:
        assert name in found, f"{name} is gone"
    for name, content in found.items():
        if not Path(name).name.endswith(".new"):
            assert content in (before.get(name), after.get(name)), f"{name} is torn"


# --- sticks -----------------------------------------------------------------------------------


def _stick(folder: Path) -> None:
    for number in range(6):
        for name, opening in _openings(number):
            with bundle_format.writing(folder / name, opening, _sign) as writer:
                for frame in range(20):
                    writer.add(bytes([number, frame]) * 700)
                writer.close({"c": (1, 20)}, 0)
            promise(bundle=name, number=number)


def _openings(number: int) -> list[tuple[str, Opening]]:
    """Return a bundle up, which has a name of its own, and one down, in place of the last."""
    nonce, hospital = b"nonce%03d" % number, kid(HOSPITAL.public.sign)
    up = Opening(bundle_format.UP, "box-one", hospital, nonce, 1, NOW_MS)
    down = replace(up, way=bundle_format.DOWN)
    names = bundle_format.up_name("box-one", nonce), bundle_format.down_name("box-one")
    return list(zip(names, (up, down), strict=True))


def _sign(body: bytes) -> bytes:
    return KEYS.sign.sign(body)


def _check_stick(cut: Cut, promises: Promises) -> None:
    told = {str(p["bundle"]): int(p["number"]) for p in promises[: cut.promised]}
    for name in told:
        assert (cut.folder / name).exists(), f"{name}, which was written, is gone"
    for file in cut.folder.glob("*.bundle"):
        with bundle_format.opened(file) as reader:
            frames = list(reader.frames())
        assert reader.whole, f"{file.name} is cut off"
        assert not reader.damaged, f"{file.name} is torn"
        assert len(frames) == 20
        assert frames[0][0] >= told.get(file.name, 0), "an older bundle is back"


# --- what all have in common ------------------------------------------------------------------


def _spoil(connection: sqlite3.Connection) -> None:
    for pragma in sys.argv[3:]:
        connection.execute(f"PRAGMA {pragma}")


def _digest(connection: sqlite3.Connection) -> str:
    """Return a digest of every row of every table."""
    found = hashlib.sha256()
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ).fetchall()
    for name in (next(iter(dict(row).values())) for row in names):
        rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
        for row in sorted(repr(tuple(dict(row).values())) for row in rows):
            found.update(f"{name} {row}\n".encode())
    return found.hexdigest()


def _digest_of(file: Path) -> str:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert verdict == "ok", verdict
        return _digest(connection)
    except sqlite3.DatabaseError as error:
        raise AssertionError(f"{file.name}: {error}") from error
    finally:
        connection.close()


def _states(promises: Promises) -> list[str]:
    return [str(p["holds"]) for p in promises]


def _check_state(connection: sqlite3.Connection, cut: Cut, promises: Promises) -> None:
    """What was committed is there; what was not is there whole, or not at all."""
    (verdict,) = dict(connection.execute("PRAGMA integrity_check").fetchone()).values()
    assert verdict == "ok", verdict
    if cut.promised:
        around = _states(promises)[cut.promised - 1 : cut.promised + 1]
        assert _digest(connection) in around, "a commit is lost, or in parts"


WORKS = {
    "box": Work(_box, _check_box),
    "archive": Work(_archive, _check_archive),
    "copies": Work(_copies, _check_copies),
    "keys": Work(_keys, _check_keys),
    "stick": Work(_stick, _check_stick),
}


def promises_of(events: Sequence[Event]) -> Promises:
    """Return what the child has promised, in order."""
    return [event.promise for event in events if event.kind == "A"]


if __name__ == "__main__":
    WORKS[sys.argv[1]].do(Path(sys.argv[2]))
