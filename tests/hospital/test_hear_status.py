"""How boxes say they are doing: shown at the desk, of the living session alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from box_on_wire import NOW_MS, Desk, Sender, enrolled
from hypothesis import given
from hypothesis import strategies as st

from edge.model.clock import Clock
from edge.store import issues, journal
from edge.store.store import Store
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes
from hospital.views import chart
from sync.core.wire import MessageError
from sync.courier import telemetry
from sync.courier.telemetry import Status

STATUS = Status({"c": (50, 30)}, NOW_MS - 5_000, ("disk-low",), "1.0", "ntp", 400, 12)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(SqliteArchive.open(tmp_path / "archive.db")) as archive:
        yield Desk(enrolled(archive))


def sealed(box: Sender, payload: bytes, nonce: bytes = b"", number: int = 1) -> bytes:
    header = telemetry.header(box.box_id, box.epoch, nonce or box.nonce, number)
    return box.sealed(header, payload)


def test_a_summary_is_shown_by_the_clinic(desk: Desk) -> None:
    box = Sender()
    desk.admit(box)
    assert desk.take(sealed(box, telemetry.encode(STATUS)), "t") == []
    (line,) = [c for c in chart.clinics(desk.archive) if c.box == "box-one"]
    assert (line.waiting, line.wrong, line.oldest_ms) == (50, "disk low", NOW_MS - 5_000)
    assert (line.status["version"], line.status["hours_left"]) == ("1.0", 12)
    assert (line.status["clock"], line.status["free_mb"]) == ("ntp", 400)
    assert (line.status["session"], line.status["number"]) == (box.nonce.hex(), 1)
    assert line.status_ms == NOW_MS


def test_only_the_living_session_of_an_active_box_counts(desk: Desk) -> None:
    box = Sender()
    desk.admit(box)
    desk.take(sealed(box, telemetry.encode(STATUS), b"othernon"), "t")
    boxes.set_standing(desk.archive, "box-one", boxes.REVOKED)
    desk.take(sealed(box, telemetry.encode(STATUS)), "t")
    assert chart.clinics(desk.archive)[0].status_ms is None


def test_an_old_summary_said_again_changes_nothing(desk: Desk) -> None:
    box = Sender()
    desk.admit(box)
    old = sealed(box, telemetry.encode(STATUS))
    new = sealed(box, telemetry.encode(replace(STATUS, lanes={"c": (80, 30)})), number=2)
    desk.take(old, "t")
    desk.take(new, "t")
    for again in (old, new):
        before = desk.archive.rows("SELECT * FROM box")
        desk.take(again, "t")
        assert desk.archive.rows("SELECT * FROM box") == before
    assert chart.clinics(desk.archive)[0].waiting == 80


def test_nonsense_is_refused(desk: Desk) -> None:
    box = Sender()
    desk.admit(box)
    assert desk.take(sealed(box, b"\x00"), "t") == []
    assert desk.refused() == {"malformed frame": 1}


def test_a_box_sums_itself_up(store: Store, clock: Clock) -> None:
    with store.transaction():
        journal.append(store, "view", clock.now(), {"number": 1})
    issues.note(store, clock.now(), "bluetooth-off")
    told = telemetry.summary(store, clock.now(), 700_000_000)
    assert (told.lanes["c"], told.wrong, told.free_mb, told.hours_left) == (
        (1, 0),
        ("bluetooth-off",),
        700,
        -1,
    )
    assert telemetry.decode(telemetry.encode(told)) == told


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(MessageError):
        telemetry.decode(data)
