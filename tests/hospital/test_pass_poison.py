"""Rows that nobody here can read, or that our own code fails on: kept, counted, passed, re-read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from box_on_wire import HOSPITAL, NOW_MS, Desk, Sender, enrolled, reading

from edge.model.entry import canonical_json
from hospital.archive.sqlite import SqliteArchive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply, ledger, unreadable
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


def patient(of: str, rev: int = 1, **more: object) -> bytes:
    body = {"patient": of, "rev": rev, "sex": "female"}
    return canonical_json({"kind": "patient", "body": body | more, "at": [1, rev, NOW_MS, "ntp"]})


@pytest.mark.parametrize(
    "refused",
    [patient("p-1", 2, set={"name": ""}), patient("p-9", name="Not ours")],
    ids=["a patient without a name", "another clinic's patient"],
)
@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_row_that_does_not_fit_costs_only_itself(desk: Desk, refused: bytes, at: int) -> None:
    """Whatever stands before and after it in the same frame is entered, each fact once."""
    far = boxes.get(desk.archive, "box-two")
    assert far is not None
    with desk.archive.transaction():
        apply.keep(desk.archive, far, (1, "c", 1), [patient("p-9", name="Theirs")], NOW_MS)
        apply.keep(desk.archive, box_one(desk), (1, "c", 1), [patient("p-1", name="Zahra")], NOW_MS)
    rows = [reading(n) for n in range(1, 5)]
    rows.insert(at, refused)
    with desk.archive.transaction():
        assert apply.keep(desk.archive, box_one(desk), (1, "c", 2), rows, NOW_MS) == 5
    assert desk.readings() == 4
    sql = "SELECT record FROM record WHERE trouble IS NOT NULL"
    assert [bytes(r["record"]) for r in desk.archive.rows(sql)] == [refused]
    assert sorted(line.patient.name for line in chart.patients(desk.archive)) == ["Theirs", "Zahra"]


def box_one(desk: Desk) -> Box:
    box = boxes.get(desk.archive, "box-one")
    assert box is not None
    return replace(box, clinic="Hunza")
