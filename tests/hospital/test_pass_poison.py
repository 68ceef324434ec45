"""Rows that nobody here can read, or that our own code fails on: kept, counted, passed, re-read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from box_on_wire import HOSPITAL, Desk, Sender, enrolled

from hospital.archive.sqlite import SqliteArchive
from hospital.receiving import ledger, unreadable
from hospital.views import chart
from sync.core import Nack, Receipt
from sync.core.header import Header
from sync.frames import framing


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(SqliteArchive.open(tmp_path / "archive.db")) as archive:
        yield Desk(enrolled(archive))


@pytest.fixture
def box() -> Sender:
    return Sender()


def test_a_frame_that_our_code_fails_on_goes_row_by_row_and_is_passed(
    desk: Desk, box: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours cannot be written down in advance: it is put in where payloads are read."""
    cursed = box.records[4]
    whole = framing.disclose

    def fails(header: Header, payload: bytes) -> list[bytes] | None:
        rows = whole(header, payload)
        if rows and cursed in rows:
            raise ZeroDivisionError
        return rows

    monkeypatch.setattr(framing, "disclose", fails)
    desk.admit(box)
    (nack,) = desk.take(box.frame(1, 10))
    assert isinstance(nack, Nack)
    assert (nack.first_seq, nack.n, nack.reason) == (1, 10, "unreadable")
    for seq in range(1, 11):
        (receipt,) = desk.take(box.frame(seq, 1, alone=True))
        assert isinstance(receipt, Receipt)
        assert (receipt.at.cum, receipt.at.chain) == (seq, box.chain_at(seq))
    assert desk.readings() == 9
    assert chart.clinics(desk.archive)[0].unread == 1
    assert ledger.of(desk.archive, "box-one")[0].unread == 1
    assert unreadable.try_again(desk.archive, HOSPITAL) == unreadable.RetryResult(0, 1)
    monkeypatch.undo()
    assert unreadable.try_again(desk.archive, HOSPITAL) == unreadable.RetryResult(1, 0)
    assert unreadable.try_again(desk.archive, HOSPITAL) == unreadable.RetryResult(0, 0)
    assert desk.readings() == 10
    assert chart.clinics(desk.archive)[0].unread == 0
