"""Receiving frames: what is stored, what is answered, what is refused and kept; both engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from archives import open_at
from box_on_wire import HOSPITAL, KEYS, NONCE, NOW_MS, OTHER_KEYS, Desk, Sender, enrolled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Cluster

from edge.model.entry import canonical_json
from hospital.archive import Archive, scalar
from hospital.archive.errors import ArchiveDown
from hospital.fleet import boxes
from hospital.receiving import custody
from hospital.receiving.receiver import Receiver
from hospital.views import chart
from sync.core import Fence, Nack, Receipt
from sync.frames.envelope import seal_up
from sync.keys.keys import BoxKeys, HospitalKeys
from sync.link.transport import Message


@pytest.fixture
def desk(archive: Archive) -> Desk:
    return Desk(enrolled(archive))


@pytest.fixture
def box() -> Sender:
    return Sender()


def test_a_session_from_hello_to_receipt(desk: Desk, box: Sender) -> None:
    welcome = desk.admit(box)
    assert (welcome.nonce, welcome.epoch, welcome.utc_ms) == (NONCE, 1, NOW_MS)
    receipt = desk.receipt(box.frame(1, 20))
    assert (receipt.at.cum, receipt.at.chain) == (20, box.chain_at(20))
    assert desk.receipt(box.frame(21, 19)).at.cum == 39
    assert desk.readings() == 39
    line = chart.clinics(desk.archive)[0]
    assert (line.confirmed, line.waiting, line.heard_ms) == (39, 0, NOW_MS)
    assert scalar(desk.archive, "SELECT sum(n) AS n FROM raw_frame") == 39


def test_waiting_is_what_the_box_told(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 10))
    assert chart.clinics(desk.archive)[0].waiting == 29


def test_a_frame_again_is_answered_and_stored_once(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    first = desk.receipt(box.frame(1, 5))
    assert desk.receipt(box.frame(1, 5)) == first
    assert desk.receipt(box.frame(3, 5)).at.cum == 7
    assert desk.readings() == 7
    assert desk.refused() == {}


def test_frames_out_of_order_are_held_with_their_bytes(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    late = box.frame(6, 5)
    assert desk.receipt(late).gap
    assert desk.receipt(box.frame(1, 5)).at.cum == 10
    kept = desk.archive.rows("SELECT first_seq, frame FROM raw_frame ORDER BY first_seq")
    assert bytes(kept[1]["frame"]) == late


def test_a_restarted_worker_goes_on_from_the_archive(
    desk: Desk, box: Sender, archive_address: str
) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 5))
    again = Desk(open_at(archive_address))
    assert again.receipt(box.frame(6, 5)).at.cum == 10
    again.archive.close()


def test_a_crash_between_commit_and_receipt_costs_a_repetition(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    desk.take(box.frame(1, 5))  # committed; the receipt is lost on the way
    desk.receiver = Receiver(desk.archive, HOSPITAL)
    assert desk.receipt(box.frame(1, 5)).at.cum == 5
    assert desk.readings() == 5


def test_a_full_disk_answers_nothing_and_loses_nothing(tmp_path: Path, box: Sender) -> None:
    desk = Desk(enrolled(open_at(str(tmp_path / "archive.db"))))
    desk.admit(box)
    pages = desk.archive.rows("PRAGMA page_count")[0]["page_count"]
    desk.archive.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ArchiveDown, match="full"):
        desk.take(box.frame(1, 39))
    desk.archive.rows(f"PRAGMA max_page_count = {pages + 100}")
    assert desk.receipt(box.frame(1, 39)).at.cum == 39
    assert desk.readings() == 39
    desk.archive.close()


def test_a_database_that_went_away_answers_nothing_and_loses_nothing(
    own_postgres: Cluster, box: Sender
) -> None:
    address = own_postgres.fresh()
    desk = Desk(enrolled(open_at(address)))
    desk.admit(box)
    desk.receipt(box.frame(1, 5))
    own_postgres.stop()
    try:
        with pytest.raises(ArchiveDown):
            desk.take(box.frame(6, 5))
        with pytest.raises(ArchiveDown):
            open_at(address)
    finally:
        own_postgres.start()
    desk.archive.close()
    again = Desk(open_at(address))
    assert again.receipt(box.frame(6, 5)).at.cum == 10
    assert again.readings() == 10
    again.archive.close()


def test_a_forged_frame_is_counted_and_kept(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    forged = Sender(keys=OTHER_KEYS).frame(1, 5)
    assert desk.take(forged) == []
    good = box.frame(1, 5)
    assert desk.take(good[:-1] + bytes([good[-1] ^ 1])) == []
    assert desk.refused() == {"BadSignature": 2}
    kept = desk.archive.rows("SELECT frame FROM quarantine ORDER BY number")
    assert bytes(kept[0]["frame"]) == forged
    assert desk.receipt(good).at.cum == 5


def test_a_frame_sealed_to_another_hospital_is_refused(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    header, payload = box.composed(1, 5)
    frame = seal_up(header, payload, KEYS, HospitalKeys.generate().public)
    assert desk.take(frame) == []
    assert desk.refused() == {"WrongKey": 1}


def test_another_boxs_frame_under_this_topic_is_foreign(desk: Desk) -> None:
    assert desk.take(Sender("box-two", OTHER_KEYS).frame(1, 5)) == []
    assert desk.take(Sender().frame(1, 5), lane="a") == []
    assert desk.refused() == {"foreign frame": 2}


def test_an_unknown_box_is_counted_under_nobody(desk: Desk) -> None:
    stranger = Sender("box-none", BoxKeys.generate())
    assert desk.receiver.receive("cs/1/u/box-none/c", stranger.frame(1, 1), NOW_MS) == []
    assert desk.refused() == {"unknown box": 1}
    held = desk.archive.rows("SELECT box FROM quarantine")
    assert [r["box"] for r in held] == [custody.NOBODY]


def test_frames_of_an_earlier_session_are_refused_with_a_word(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    old = box.frame(1, 5)
    desk.take(box.hello(nonce=b"session2"), "h")
    (nack,) = desk.take(old)
    assert isinstance(nack, Nack)
    assert desk.readings() == 0
    assert desk.refused() == {"stale session": 1}
    assert scalar(desk.archive, "SELECT count(*) AS n FROM quarantine") == 0
    assert chart.clinics(desk.archive)[0].refused == 0


def test_a_replayed_hello_changes_nothing(desk: Desk, box: Sender) -> None:
    first, second = box.hello(), box.hello(nonce=b"session2")
    desk.take(first, "h")
    desk.take(second, "h")
    assert desk.take(first, "h") == []
    box.nonce = b"session2"
    assert desk.receipt(box.frame(1, 3)).at.cum == 3


def test_a_fork_gets_a_new_epoch_and_doubles_nothing(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 10))
    (fence,) = desk.take(box.hello(fork=True, nonce=b"session2"), "h")
    assert isinstance(fence, Fence)
    assert fence.epoch == 2
    box.epoch, box.nonce = 2, b"session3"
    desk.admit(box)
    assert desk.receipt(box.frame(1, 12)).at.cum == 12
    assert desk.readings() == 12
    assert chart.clinics(desk.archive)[0].forks == 1


def test_a_chain_that_does_not_fit_is_refused(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    header, payload = box.composed(1, 5)
    frame = box.sealed(replace(header, prev_chain=b"x" * 16), payload)
    assert desk.receipt(frame).at.cum == 0
    assert desk.refused() == {"fork": 1}


def test_a_revoked_box_is_fenced_and_changes_nothing(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    boxes.set_standing(desk.archive, "box-one", boxes.REVOKED)
    assert desk.take(box.frame(1, 5)) == []
    (fence,) = desk.take(box.hello(nonce=b"session2"), "h")
    assert fence == Fence(b"session2", 0, "revoked")
    assert desk.readings() == 0
    assert desk.refused() == {"revoked": 2}


def test_a_row_that_nobody_can_read_is_kept_raw_and_passed(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    header, _ = box.composed(1, 3)
    (nack,) = desk.take(box.sealed(header, b"not a payload"))
    assert isinstance(nack, Nack)
    alone, _ = box.composed(1, 1, alone=True)
    assert desk.receipt(box.sealed(alone, b"still not")).at.cum == 1
    assert desk.receipt(box.frame(2, 3)).at.cum == 4
    assert scalar(desk.archive, "SELECT count(*) AS n FROM raw_frame WHERE unread = 1") == 1


def test_a_record_that_nobody_understands_does_not_block(desk: Desk, box: Sender) -> None:
    box.records[1] = b"\x00\xffnot JSON"
    box.records[2] = canonical_json({"kind": "reading", "body": {"values": "none"}, "at": []})
    desk.admit(box)
    assert desk.receipt(box.frame(1, 5)).at.cum == 5
    assert desk.readings() == 3
    assert scalar(desk.archive, "SELECT count(*) AS n FROM record WHERE trouble <> ''") == 2


def test_what_is_refused_is_kept_as_evidence_but_not_without_end(desk: Desk) -> None:
    assert desk.take(b"\x00" * 100_000) == []
    (kept,) = desk.archive.rows("SELECT size, frame FROM quarantine")
    assert (kept["size"], len(bytes(kept["frame"]))) == (100_000, 64 * 1024)


class Interrupted(Exception):
    """What ends a batch in the middle, as a database that goes away does."""


@pytest.mark.parametrize("fork", [False, True])
@pytest.mark.parametrize("held", [False, True])
def test_a_batch_that_failed_leaves_nothing_in_memory_either(
    desk: Desk, box: Sender, fork: bool, held: bool
) -> None:
    """Afterwards the receiver answers as one that was started anew on the same archive."""
    desk.admit(box)
    if held:
        desk.take(box.frame(11, 5))
    again = Sender(nonce=b"session2")
    again.epoch = 2 if fork else 1

    def batch() -> Iterator[Message]:
        yield Message("cs/1/u/box-one/c", box.frame(6, 5), 1, 1)
        if fork:
            yield Message("cs/1/u/box-one/h", again.hello(fork=True, epoch=1), 2, 1)
            yield Message("cs/1/u/box-one/c", again.frame(6, 5), 3, 1)
        raise Interrupted

    with pytest.raises(Interrupted):
        desk.receiver.receive_all(batch(), NOW_MS)
    assert desk.receipt(box.frame(1, 5)).at.cum == 5


def test_a_last_will_is_no_frame(desk: Desk) -> None:
    assert desk.take(b"", "t") == []
    assert desk.refused() == {}


def test_boxes_heard_of_late_are_reminded(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 5))
    reminded = [desk.read(out) for out in desk.receiver.remind(NOW_MS)]
    assert [(m.lane, m.at.cum, m.gap) for m in reminded if isinstance(m, Receipt)] == [
        ("c", 5, True)
    ]
    assert desk.receiver.remind(NOW_MS + 3_600_000) == []


good_frames = [Sender().frame(1, 5), Sender().hello(), Sender().frame(1, 1, alone=True)]
cuts = st.tuples(st.sampled_from(good_frames), st.integers(0, 600), st.binary(max_size=3))
mangled = cuts.map(lambda c: c[0][: c[1]] + c[2] + c[0][c[1] + len(c[2]) :])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=80) | mangled, max_size=4))
def test_no_bytes_can_stop_the_receiver(desk: Desk, frames: Sequence[bytes]) -> None:
    before = desk.readings()
    for frame in frames:
        for lane in "hct":
            if frame not in good_frames:
                desk.receiver.receive(f"cs/1/u/box-one/{lane}", frame, NOW_MS)
    assert desk.readings() == before
