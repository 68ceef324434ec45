"""The hospital's ledger says the same of a stream as the box's own."""

from __future__ import annotations

import pytest
from box_on_wire import Desk, Sender, enrolled

from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.receiving import ledger


def test_the_ledger_shows_what_the_box_would_show(archive: Archive) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 30))
    (line,) = ledger.of(archive, "box-one")
    assert line.sentence() == f"records 1…30 held, chain {box.chain_at(30).hex()}"
    assert (line.told, line.records, line.safe, line.unread, line.current) == (39, 30, 0, 0, True)


def test_streams_of_past_epochs_stay_readable(archive: Archive) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 30))
    box.nonce = b"session2"
    desk.take(box.hello(fork=True), "h")
    (closed,) = [line for line in ledger.of(archive, "box-one") if line.epoch == 1]
    assert (closed.epoch, closed.last, closed.current) == (1, 30, False)


def test_an_unknown_box_is_an_error(archive: Archive) -> None:
    with pytest.raises(HospitalError, match="no box"):
        ledger.of(archive, "box-nine")
