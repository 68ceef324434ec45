"""What one box does leaves every row of another, and of its own past epochs, as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from box_on_wire import KEYS, NONCE, NOW_MS, OTHER_KEYS, Desk, Sender, enrolled

from hospital.archive import Archive, scalar
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import backup, custody
from hospital.receiving.custody import ReceivedFrame
from sync.core import Hello
from sync.core.hospital import Admit, BackedUp
from sync.core.messages import LaneReport

ONE, TWO = "box-one", "box-two"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(SqliteArchive.open(tmp_path / "archive.db")) as opened:
        yield opened


@pytest.fixture
def desk(archive: SqliteArchive) -> Desk:
    """Two boxes in sessions of one nonce, with the same records, refusals and a past epoch."""
    desk = Desk(enrolled(archive))
    for name, keys in ((ONE, KEYS), (TWO, OTHER_KEYS)):
        box = Sender(name, keys)
        take(desk, box, box.hello(), "h")
        take(desk, box, box.frame(1, 6))
        take(desk, box, box.frame(9, 2, alone=False), "a")  # another lane's topic: refused
        take(desk, box, box.hello(fork=True, nonce=b"session2"), "h")
        box.epoch, box.nonce = 2, b"session3"
        take(desk, box, box.hello(), "h")
        take(desk, box, box.frame(1, 3))
    return desk


def take(desk: Desk, box: Sender, frame: bytes, lane: str = "c") -> None:
    desk.receiver.receive(f"cs/1/u/{box.box_id}/{lane}", frame, NOW_MS)


def rows_of(archive: Archive, box: str) -> dict[str, list[object]]:
    """Return every row of every table that is about a box."""
    found: dict[str, list[object]] = {}
    for table in archive.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = {c["name"] for c in archive.rows(f"PRAGMA table_info({table['name']})")}
        key = "id" if table["name"] == "box" else "box"
        if key in columns and (key == "box" or table["name"] == "box"):
            sql = f"SELECT * FROM {table['name']} WHERE {key} = ?"
            found[table["name"]] = sorted(map(repr, archive.rows(sql, (box,))))
    return found


def past_of(archive: Archive, box: str) -> list[object]:
    """Return the streams and records of a box's past epochs."""
    sql = "SELECT * FROM stream WHERE box = ? AND epoch = 1 ORDER BY lane"
    return [*archive.rows(sql, (box,)), *archive.rows("SELECT * FROM raw_frame WHERE epoch = 1")]


def box_one(archive: Archive) -> Box:
    found = boxes.get(archive, ONE)
    assert found is not None
    return found


def test_the_two_are_alike_and_have_rows_everywhere(desk: Desk) -> None:
    one, two = rows_of(desk.archive, ONE), rows_of(desk.archive, TWO)
    assert set(one) == set(two)
    busy = {"box", "record", "stream", "session", "raw_frame", "refusal", "quarantine"}
    assert {name for name, rows in one.items() if rows} >= busy
    assert {name: len(rows) for name, rows in one.items()} == {n: len(r) for n, r in two.items()}


def test_the_wire_of_one_box_touches_no_other(desk: Desk) -> None:
    two, past = rows_of(desk.archive, TWO), past_of(desk.archive, ONE)
    box = Sender(ONE, KEYS)
    box.epoch, box.nonce = 2, b"session3"
    take(desk, box, box.frame(4, 3))
    take(desk, box, box.frame(7, 1, alone=True)[:-1] + b"x")
    take(desk, box, box.ask(), "h")
    take(desk, box, box.hello(nonce=b"session4"), "h")
    assert rows_of(desk.archive, TWO) == two
    assert past_of(desk.archive, ONE) == past
    take(desk, box, box.hello(fork=True, nonce=b"session5"), "h")
    assert rows_of(desk.archive, TWO) == two
    stream = "SELECT cum FROM stream WHERE box = ? AND epoch = 2 AND lane = 'c'"
    assert [r["cum"] for r in desk.archive.rows(stream, (ONE,))] == [6]


def test_every_note_about_one_box_touches_no_other(desk: Desk) -> None:
    archive, two = desk.archive, rows_of(desk.archive, TWO)
    past = past_of(archive, ONE)
    hello = Hello(2, b"session3", {"c": LaneReport(5, 5, 9)}, about={"version": "9"})
    with archive.transaction():
        custody.note_contact(archive, ONE, NOW_MS + 5)
        custody.mark_session_used(archive, ONE, b"session3")
        custody.store_hello(archive, ONE, hello)
        custody.note_machine(archive, ONE, hello)
        state = custody.load(archive, box_one(archive))
        assert custody.note_missing(archive, ONE, state, hello) == 2
        assert custody.backed_up(archive, box_one(archive), BackedUp("c", 2, b"s" * 16))
        custody.admit_by_hand(archive, ONE, Admit(2, b"session8"), NOW_MS)
    assert rows_of(archive, TWO) == two
    assert past_of(archive, ONE) == past
    (stream,) = archive.rows(
        "SELECT * FROM stream WHERE box = ? AND epoch = 2 AND lane = 'c'", (ONE,)
    )
    assert (stream["cum"], stream["safe"], bytes(stream["safe_chain"])) == (3, 2, b"s" * 16)
    used = "SELECT nonce FROM session WHERE box = ? AND lived = 1"
    assert b"session2" not in [bytes(r["nonce"]) for r in archive.rows(used, (ONE,))]


def test_missing_is_what_is_gone_at_both_ends_and_only_in_this_epoch(desk: Desk) -> None:
    archive = desk.archive
    with archive.transaction():
        state = custody.load(archive, box_one(archive))
        assert (state.streams["c"].cum, state.streams["c"].chain) == (3, Sender().chain_at(3))
        for bases, epoch, missing in (
            ((3, 0), 2, 0),
            ((5, 4), 2, 6),
            ((2, 1), 2, 1),
            ((9, 9), 1, 0),
        ):
            lanes = {n: LaneReport(b, b, b) for n, b in zip("ca", bases, strict=True)}
            hello = Hello(epoch, b"session3", lanes)
            assert custody.note_missing(archive, ONE, state, hello) == missing
            if missing:
                assert (
                    scalar(archive, "SELECT missing AS n FROM box WHERE id = ?", (ONE,)) == missing
                )


def test_a_session_is_seen_by_its_box_and_its_nonce(desk: Desk) -> None:
    assert custody.has_seen(desk.archive, ONE, NONCE)
    assert not custody.has_seen(desk.archive, ONE, b"session9")
    assert not custody.has_seen(desk.archive, "box-none", NONCE)


def test_the_newest_refused_frames_of_each_box_are_kept_and_all_are_counted(desk: Desk) -> None:
    two = rows_of(desk.archive, TWO)
    for number in range(210):
        received = ReceivedFrame("c", b"%03d" % number, NOW_MS + number)
        custody.refuse(desk.archive, ONE, "why not", received)
    custody.refuse(desk.archive, ONE, "an everyday thing", received, keep=False)
    kept = desk.archive.rows("SELECT frame FROM quarantine WHERE box = ? ORDER BY number", (ONE,))
    assert [bytes(r["frame"]) for r in kept] == [b"%03d" % n for n in range(10, 210)]
    refused = custody.refusals(desk.archive)
    assert (refused["why not"], refused["an everyday thing"]) == (210, 1)
    assert list(refused) == sorted(refused)
    assert rows_of(desk.archive, TWO) == two


def test_a_restored_archive_counts_generations_and_forgets_what_was_missing(desk: Desk) -> None:
    with desk.archive.transaction():
        desk.archive.execute("UPDATE box SET missing = 7")
    assert custody.new_generation(desk.archive) == 2
    assert custody.new_generation(desk.archive) == 3
    assert scalar(desk.archive, "SELECT sum(missing) AS n FROM box") == 0
    assert backup.count(desk.archive) == 0


def test_what_a_box_told_of_its_last_never_falls_below_what_came(desk: Desk) -> None:
    told = "SELECT told AS n FROM stream WHERE box = ? AND epoch = 2 AND lane = 'c'"
    assert scalar(desk.archive, told, (ONE,)) == 39
    with desk.archive.transaction():
        custody.store_hello(desk.archive, ONE, Hello(2, NONCE, {"c": LaneReport(0, 0, 4)}))
    assert scalar(desk.archive, told, (ONE,)) == 4
    box = Sender(ONE, KEYS)
    box.epoch, box.nonce = 2, b"session3"
    take(desk, box, box.frame(4, 6))
    assert scalar(desk.archive, told, (ONE,)) == 9
