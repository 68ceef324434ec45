"""The two ends, step by step: what each answers to what, and that a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import GENESIS, Entry, Lane, chain
from sync.core import (
    BoxSession,
    Fence,
    Header,
    Hello,
    LaneReport,
    Nack,
    Phase,
    Position,
    Receipt,
    Welcome,
    box,
    hospital,
)
from sync.core.hospital import (
    Admit,
    BackedUp,
    FrameArrived,
    HelloArrived,
    HospitalBox,
    KeepRaw,
    Refuse,
    Reply,
    Store,
)
from sync.core.retry_times import BACKOFF_LIMIT_MS, LONG_TRIP_MS, MOST_FRAMES, backoff_ms, window
from sync.core.session import (
    AnchorClock,
    Dial,
    Event,
    Flight,
    HangUp,
    LinkLost,
    LinkUp,
    MessageArrived,
    Note,
    PersistCustody,
    RecordsAppended,
    SendFrame,
    SendHello,
    SetTimer,
    Start,
    StartEpoch,
    Tick,
    clock_trips,
)
from sync.frames import framing
from sync.simulation.disk import Disk

NONCE = b"nonce-00"
BOX_ID = "q3m7xk2a9d4fa"


def _disk(alerts: int = 0, clinical: int = 0) -> Disk:
    disk = Disk()
    for n in range(alerts):
        disk.streams["a"].append(b"alert-%d" % n)
    for n in range(clinical):
        disk.streams["c"].append(b"reading-%d" % n)
    return disk


def _at(disk: Disk, lane: str, cum: int, safe: int = 0) -> Position:
    links = [disk.chain_at(lane, seq) or bytes(16) for seq in (cum, safe)]
    return Position(cum, links[0], safe, links[1])


def _feed(session: BoxSession, disk: Disk, *events: Event) -> tuple[BoxSession, list[object]]:
    done: list[object] = []
    for event in events:
        session, effects = box.step(session, event, disk)
        done += effects
    return session, done


def _greeting(disk: Disk) -> BoxSession:
    return _feed(BoxSession(), disk, Start(0, NONCE), LinkUp(100))[0]


def _streaming(disk: Disk, now_ms: int = 200, **lanes: Position) -> tuple[BoxSession, list[object]]:
    session = _greeting(disk)
    welcome = Welcome(session.nonce, disk.epoch(), lanes, utc_ms=1_000_000)
    return _feed(session, disk, MessageArrived(now_ms, welcome))


def _frames(effects: Iterable[object]) -> list[tuple[str, int, int]]:
    return [(e.lane, e.first_seq, e.n) for e in effects if isinstance(e, SendFrame)]


# --- the box ----------------------------------------------------------------------------------


def test_a_session_begins_with_dialing_and_a_hello() -> None:
    session, effects = _feed(BoxSession(), _disk(), Start(0, NONCE), LinkUp(100))
    assert session.phase is Phase.HELLO_SENT
    assert effects == [
        Dial(),
        SetTimer(box.DIAL_LIMIT_MS),
        SendHello(session.nonce, fork=False),
        SetTimer(100 + box.HELLO_FLOOR_MS),
    ]
    assert session.nonce != NONCE


def test_a_hello_says_what_the_box_holds() -> None:
    disk = _disk(alerts=1, clinical=5)
    disk.streams["c"].cum = 3
    said = box.hello(disk, SendHello(NONCE, fork=True), {"version": "1.0"})
    lanes = {"a": LaneReport(0, 0, 1), "c": LaneReport(0, 3, 5)}
    assert said == Hello(1, NONCE, lanes, fork=True, about={"version": "1.0"})


def test_the_welcome_sets_the_clock_and_starts_the_streams() -> None:
    session, effects = _streaming(_disk(alerts=2, clinical=3))
    assert session.phase is Phase.STREAMING
    assert effects[0] == AnchorClock(1_000_050, 50)
    assert _frames(effects) == [("a", 1, 2), ("c", 1, 3)]


def test_custody_follows_the_welcome_even_backwards() -> None:
    disk = _disk(clinical=9)
    disk.streams["c"].cum, disk.streams["c"].safe = 8, 2
    _, effects = _streaming(disk, c=_at(disk, "c", 5, 1))
    assert PersistCustody("c", 5, 2) in effects
    assert _frames(effects) == [("c", 6, 4)]


def test_a_receipt_moves_custody_and_opens_the_window() -> None:
    disk = _disk(clinical=60)
    session, effects = _streaming(disk)
    (first,) = _frames(effects)
    receipt = Receipt(session.nonce, 1, "c", _at(disk, "c", first[2]))
    session, effects = _feed(session, disk, MessageArrived(300, receipt))
    assert effects[0] == PersistCustody("c", first[2], 0)
    assert _frames(effects)[0][1] == first[2] + 1
    again, effects = _feed(session, disk, MessageArrived(301, receipt))
    assert (again.streams, effects) == (session.streams, [])


def test_a_receipt_for_a_part_of_a_frame_leaves_the_rest_under_way() -> None:
    disk = _disk(clinical=60)
    session, effects = _streaming(disk)
    (first,) = _frames(effects)
    part = Receipt(session.nonce, 1, "c", _at(disk, "c", first[2] - 1))
    after, effects = _feed(session, disk, MessageArrived(300, part))
    assert effects == [PersistCustody("c", first[2] - 1, 0)]
    assert after.streams["c"].flights == session.streams["c"].flights
    assert after.streams["c"].sent == first[2]
    whole = Receipt(session.nonce, 1, "c", _at(disk, "c", first[2]))
    after, effects = _feed(after, disk, MessageArrived(400, whole))
    assert _frames(effects)[0][1] == first[2] + 1


def test_the_very_first_record_already_tells_the_round_trip() -> None:
    disk = _disk(clinical=1)
    session, _ = _streaming(disk)
    assert session.srtt_ms == 100
    receipt = Receipt(session.nonce, 1, "c", _at(disk, "c", 1))
    session, _ = _feed(session, disk, MessageArrived(200 + 900, receipt))
    assert session.srtt_ms == (7 * 100 + 900) // 8


def test_a_receipt_for_several_frames_tells_the_round_trip_of_the_last() -> None:
    flights = tuple(Flight(n, n, 100 * n, fresh=True, full=n < 3) for n in (1, 2, 3))
    session = clock_trips(BoxSession(srtt_ms=800, full_ms=800), flights, 1_000)
    assert session.srtt_ms == (7 * 800 + 700) // 8
    assert session.full_ms == (7 * 800 + 800) // 8
    assert clock_trips(session, (), 2_000) == session


def test_the_first_failure_is_the_first() -> None:
    session, _ = _feed(BoxSession(), _disk(), Start(0, NONCE), LinkUp(100), LinkLost(200))
    assert (session.failures, session.phase) == (1, Phase.OFFLINE)
    assert session.due_ms == 200 + backoff_ms(1, session.nonce)


def test_an_alert_does_not_wait_for_a_bulk_frame_under_way() -> None:
    disk = _disk(clinical=500)
    session, _ = _streaming(disk)
    disk.streams["a"].append(b"alert")
    _, effects = _feed(session, disk, RecordsAppended(400))
    assert _frames(effects) == [("a", 1, 1)]


def test_a_long_round_trip_opens_a_second_frame() -> None:
    disk = _disk(clinical=500)
    assert len(_frames(_streaming(disk, now_ms=200)[1])) == 1
    assert len(_frames(_streaming(disk, now_ms=100 + LONG_TRIP_MS + 1)[1])) == 2


def test_a_fast_link_takes_more_frames_once_a_full_one_has_shown_how_fast_it_is() -> None:
    disk = _disk(clinical=500)
    session, effects = _streaming(disk)
    now_ms, under_way = 200, list[int]()
    for _ in range(8):
        for _, first, n in _frames(effects):
            under_way.append(first + n - 1)
        last = under_way.pop(0)
        now_ms += 20
        receipt = Receipt(session.nonce, 1, "c", _at(disk, "c", last))
        session, effects = _feed(session, disk, MessageArrived(now_ms, receipt))
    assert len(session.streams["c"].flights) > 2
    assert len(session.streams["c"].flights) <= MOST_FRAMES


@pytest.mark.parametrize(
    ("trip_ms", "full_ms", "frames"),
    [(None, None, 1), (200, None, 1), (501, None, 2), (501, 10, 2), (400, 400, 2), (90, 100, 6)],
)
def test_the_window_by_what_is_known_of_the_link(
    trip_ms: int | None, full_ms: int | None, frames: int
) -> None:
    assert window(trip_ms, full_ms) == frames


@pytest.mark.parametrize(
    "lie",
    [
        Position(3, b"another chain!!!"),
        Position(99, b"beyond our last!"),
        Position(3, GENESIS),
    ],
)
def test_a_foreign_chain_is_a_fork(lie: Position) -> None:
    disk = _disk(clinical=5)
    greeting, effects = _streaming(disk, c=lie)
    assert (greeting.phase, [type(e) for e in effects][:2]) == (Phase.FORKED, [Note, SendHello])
    session, _ = _streaming(disk)
    forked, effects = _feed(session, disk, MessageArrived(300, Receipt(session.nonce, 1, "c", lie)))
    assert forked.phase is Phase.FORKED
    assert SendHello(forked.nonce, fork=True) in effects
    assert not [e for e in effects if isinstance(e, PersistCustody)]


def test_a_lie_about_the_backup_is_a_fork() -> None:
    disk = _disk(clinical=5)
    session, _ = _streaming(disk)
    lie = replace(_at(disk, "c", 5), safe=4, safe_chain=b"not the chain at")
    forked, _ = _feed(session, disk, MessageArrived(300, Receipt(session.nonce, 1, "c", lie)))
    assert forked.phase is Phase.FORKED


def test_a_hospital_behind_the_pruned_base_is_a_fork() -> None:
    disk = _disk(clinical=5)
    disk.streams["c"].safe = disk.streams["c"].cum = 4
    disk.streams["c"].prune(4)
    assert _streaming(disk, c=Position(2, b"unknown to us..."))[0].phase is Phase.FORKED


def test_a_fence_starts_the_epoch_that_the_hospital_chose() -> None:
    disk = _disk(clinical=2)
    session = _greeting(disk)
    fenced, effects = _feed(
        session, disk, MessageArrived(300, Fence(session.nonce, 7, "stale epoch"))
    )
    assert effects[:2] == [StartEpoch(7, "stale epoch"), SendHello(fenced.nonce, fork=False)]
    assert fenced.nonce != session.nonce
    disk.start_epoch(7)
    same, effects = _feed(fenced, disk, MessageArrived(301, Fence(fenced.nonce, 7, "again")))
    assert (same, effects) == (fenced, [])


def test_a_box_that_is_shut_out_says_so_and_asks_again_later() -> None:
    disk = _disk(clinical=2)
    session = _greeting(disk)
    shut, effects = _feed(session, disk, MessageArrived(300, Fence(session.nonce, 0, "revoked")))
    assert (shut.phase, effects[0]) == (Phase.FENCED, Note("fenced", "revoked"))
    assert _feed(shut, disk, RecordsAppended(400))[1] == []
    asking, effects = _feed(shut, disk, Tick(300 + BACKOFF_LIMIT_MS))
    assert SendHello(asking.nonce, fork=False) in effects


@pytest.mark.parametrize("where", ["greeting", "streaming"])
def test_a_message_of_another_session_changes_nothing(where: str) -> None:
    disk = _disk(clinical=5)
    session = _greeting(disk) if where == "greeting" else _streaming(disk)[0]
    for message in (
        Welcome(b"another!", 1, {}, 5),
        Receipt(b"another!", 1, "c", Position(5, b"another chain!!!")),
        Fence(b"another!", 9, "stale epoch"),
        Nack(b"another!", "c", 1, 5, "stale session"),
    ):
        assert _feed(session, disk, MessageArrived(300, message)) == (session, [])


def test_a_repeated_welcome_does_not_move_custody_back() -> None:
    disk = _disk(clinical=5)
    session, _ = _streaming(disk)
    receipt = Receipt(session.nonce, 1, "c", _at(disk, "c", 5))
    session, _ = _feed(session, disk, MessageArrived(300, receipt))
    late = Welcome(session.nonce, 1, {}, utc_ms=1_000_000)
    after, effects = _feed(session, disk, MessageArrived(400, late))
    assert (after.streams, [e for e in effects if not isinstance(e, SetTimer)]) == (
        session.streams,
        [],
    )


def test_silence_goes_back_to_cum_and_then_hangs_up() -> None:
    disk = _disk(clinical=5)
    session, _ = _streaming(disk)
    repeats = 0
    while session.phase is Phase.STREAMING:
        due = box.deadline(session)
        assert due is not None
        session, effects = _feed(session, disk, Tick(due - 1), Tick(due))
        repeats += _frames(effects) == [("c", 1, 5)]
    assert repeats == box.SILENCES
    assert any(isinstance(e, HangUp) for e in effects)
    assert session.phase is Phase.OFFLINE


def test_an_unanswered_hello_is_repeated_under_the_same_nonce() -> None:
    disk = _disk()
    session = _greeting(disk)
    nonce, due = session.nonce, box.deadline(session)
    assert due is not None
    session, effects = _feed(session, disk, Tick(due))
    assert effects[0] == SendHello(nonce, fork=False)
    assert session.hello_ms == 100


def test_a_gap_is_filled_at_once_but_only_once() -> None:
    disk = _disk(clinical=500)
    session, effects = _streaming(disk, now_ms=5_000)
    assert len(_frames(effects)) == 2
    gap = Receipt(session.nonce, 1, "c", Position(), gap=True)
    session, effects = _feed(session, disk, MessageArrived(5_100, gap))
    assert [f[1] for f in _frames(effects)][0] == 1
    assert _frames(_feed(session, disk, MessageArrived(5_200, gap))[1]) == []


def test_a_hospital_restored_under_a_living_session_is_greeted_again() -> None:
    disk = _disk(clinical=500)
    session, effects = _streaming(disk)
    n = _frames(effects)[0][2]
    session, _ = _feed(
        session, disk, MessageArrived(300, Receipt(session.nonce, 1, "c", _at(disk, "c", n)))
    )
    behind = Receipt(session.nonce, 1, "c", _at(disk, "c", 1), gap=True)
    doubting, effects = _feed(session, disk, MessageArrived(400, behind))
    assert _frames(effects) == []
    due = box.deadline(doubting)
    assert due is not None
    after, effects = _feed(doubting, disk, Tick(due))
    assert after.phase is Phase.HELLO_SENT
    assert SendHello(after.nonce, fork=False) in effects


def test_a_journal_exchanged_under_a_living_session_is_noticed() -> None:
    disk = _disk(clinical=5)
    session, _ = _streaming(disk)
    for other in (_disk(clinical=4), Disk(number=2, streams=disk.streams)):
        after, effects = _feed(session, other, RecordsAppended(300))
        assert (after.phase, type(effects[0])) == (Phase.HELLO_SENT, Note)


def test_an_idle_session_greets_again() -> None:
    disk = _disk()
    session, _ = _streaming(disk)
    assert box.deadline(session) == 200 + box.IDLE_LIMIT_MS
    after, effects = _feed(session, disk, Tick(200 + box.IDLE_LIMIT_MS))
    assert (after.phase, effects[0]) == (
        Phase.HELLO_SENT,
        SendHello(after.nonce, fork=False),
    )


def test_rows_that_cannot_be_read_are_sent_one_by_one() -> None:
    disk = _disk(clinical=3)
    session, _ = _streaming(disk)
    session, effects = _feed(
        session, disk, MessageArrived(300, Nack(session.nonce, "c", 1, 3, "unreadable"))
    )
    (frame,) = [e for e in effects if isinstance(e, SendFrame)]
    assert (frame.first_seq, frame.n, frame.alone) == (1, 1, True)
    header, payload = framing.compose(BOX_ID, frame, [b"reading-0"])
    assert header.end_chain == chain(GENESIS, b"reading-0")
    assert framing.disclose(header, payload) == [b"reading-0"]


def test_rows_that_must_go_alone_do_so_in_the_next_session_too() -> None:
    """A daily budget may run out between the answer and the rows it asked for."""
    disk = _disk(clinical=3)
    session, _ = _streaming(disk)
    session, _ = _feed(
        session, disk, MessageArrived(300, Nack(session.nonce, "c", 1, 3, "unreadable"))
    )
    session, _ = _feed(session, disk, LinkLost(400))
    session, _ = _feed(session, disk, Tick(10_000_000), LinkUp(10_000_100))
    greeting = session
    welcome = Welcome(session.nonce, disk.epoch(), {}, utc_ms=1_000_000)
    session, effects = _feed(session, disk, MessageArrived(10_000_200, welcome))
    assert [(e.first_seq, e.n, e.alone) for e in effects if isinstance(e, SendFrame)] == [
        (1, 1, True)
    ]
    disk.start_epoch(2)  # the rows have other numbers now
    again = Welcome(greeting.nonce, 2, {}, utc_ms=1_000_000)
    _, effects = _feed(greeting, disk, MessageArrived(10_000_200, again))
    assert _frames(effects) == [("c", 1, 3)]


def test_a_lost_link_is_dialed_again_after_a_growing_pause() -> None:
    disk = _disk()
    session, effects = _feed(_greeting(disk), disk, LinkLost(500))
    assert session.phase is Phase.OFFLINE
    due = box.deadline(session)
    assert due is not None
    assert SetTimer(due) in effects
    assert _feed(session, disk, LinkLost(600)) == (session, [])
    session, effects = _feed(session, disk, Tick(due))
    assert (session.phase, effects[0]) == (Phase.DIALING, Dial())


def test_pauses_grow_to_a_limit_and_are_spread() -> None:
    for failures in range(1, 40):
        pauses = {backoff_ms(failures, bytes([n]) * 8) for n in range(50)}
        assert len(pauses) > 25
        assert max(pauses) <= BACKOFF_LIMIT_MS + 1_000
    assert backoff_ms(0, NONCE) == 0


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_message_may_come_twice_to_the_box(data: st.DataObject) -> None:
    disk = _disk(alerts=3, clinical=40)
    session, _ = _streaming(disk)
    for _ in range(data.draw(st.integers(1, 6))):
        lane = data.draw(st.sampled_from("ac"))
        cum = data.draw(st.integers(0, session.streams[lane].sent))
        message = Receipt(session.nonce, 1, lane, _at(disk, lane, cum))
        session, _ = _feed(session, disk, MessageArrived(1_000, message))
        again, effects = _feed(session, disk, MessageArrived(1_000, message))
        assert again == session
        assert effects == []


# --- the hospital -----------------------------------------------------------------------------


def _known(**lanes: Position) -> HospitalBox:
    return HospitalBox(BOX_ID, epoch=2, nonce=NONCE, streams=lanes)


def _frame(first: int, records: list[bytes], before: bytes = GENESIS, **more: object) -> Header:
    header = Header(BOX_ID, 2, "c", first, len(records), before, NONCE)
    return replace(header, **more)  # type: ignore[arg-type]


def _links(records: list[bytes]) -> list[bytes]:
    links = [GENESIS]
    for record in records:
        links.append(chain(links[-1], record))
    return links


RECORDS = [b"r%d" % n for n in range(1, 10)]
LINKS = _links(RECORDS)


def _arrive(state: HospitalBox, first: int, last: int) -> tuple[HospitalBox, list[object]]:
    rows = RECORDS[first - 1 : last]
    event = FrameArrived(_frame(first, rows, LINKS[first - 1]), rows)
    after, effects = hospital.step(state, event)
    return after, list(effects)


def _receipt(effects: Iterable[object]) -> Receipt:
    (reply,) = [e for e in effects if isinstance(e, Reply)]
    assert isinstance(reply.message, Receipt)
    return reply.message


def test_the_first_hello_is_welcome() -> None:
    hello = Hello(1, NONCE, {})
    state, effects = hospital.step(HospitalBox(BOX_ID), HelloArrived(hello, False, 77))
    assert effects == (Admit(1, NONCE), Reply(Welcome(NONCE, 1, {}, 77)))
    assert (state.epoch, state.nonce) == (1, NONCE)
    again, effects = hospital.step(state, HelloArrived(hello, True, 99))
    assert (again, effects) == (state, (Reply(Welcome(NONCE, 1, {}, 99)),))


@pytest.mark.parametrize("fork", [False, True])
def test_a_past_epoch_or_a_fork_gets_a_new_one_once(fork: bool) -> None:
    hello = Hello(2 if fork else 1, b"nonce-01", {}, fork=fork)
    state, effects = hospital.step(_known(c=Position(3, LINKS[3])), HelloArrived(hello, False, 0))
    assert effects[0] == Admit(3, b"nonce-01")
    assert isinstance(effects[-1], Reply)
    assert isinstance(effects[-1].message, Fence)
    assert effects[-1].message.epoch == 3
    assert state.streams == {}
    again, effects = hospital.step(state, HelloArrived(hello, True, 0))
    assert again == state
    assert [type(e) for e in effects] == [Reply]
    assert effects[0].message.epoch == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(("here", "there"), [(2, 2), (2, 1), (2, 7), (7, 2)])
def test_a_new_epoch_is_above_both_and_said_as_it_is_stored(here: int, there: int) -> None:
    known = replace(_known(c=Position(3, LINKS[3])), epoch=here)
    hello = Hello(there, b"nonce-01", {}, fork=True)
    state, effects = hospital.step(known, HelloArrived(hello, False, 0))
    new = max(here, there) + 1
    assert effects[0] == Admit(new, b"nonce-01")
    assert effects[-1] == Reply(Fence(b"nonce-01", new, "fork"))
    assert (state.epoch, state.nonce) == (new, b"nonce-01")
    again, effects = hospital.step(state, HelloArrived(hello, True, 0))
    assert again == state
    assert isinstance(effects[0], Reply)
    assert isinstance(effects[0].message, Fence)
    assert effects[0].message.epoch == new


def test_a_replayed_hello_changes_nothing() -> None:
    state = _known()
    for hello in (Hello(2, b"old-one!", {}), Hello(1, b"old-one!", {}, fork=True)):
        assert hospital.step(state, HelloArrived(hello, True, 0)) == (
            state,
            (Refuse("replayed hello"),),
        )


@pytest.mark.parametrize("standing", ["revoked", "quarantined"])
def test_a_box_in_bad_standing_is_shut_out(standing: str) -> None:
    state = replace(_known(), standing=standing)
    after, effects = hospital.step(state, HelloArrived(Hello(2, b"nonce-01", {}), False, 0))
    assert (after, effects[1]) == (state, Reply(Fence(b"nonce-01", 0, standing)))
    after, effects = hospital.step(state, FrameArrived(_frame(1, RECORDS[:2]), RECORDS[:2]))
    assert (after, effects) == (state, (Refuse(standing),))


@pytest.mark.parametrize(
    "hello", [Hello(0, b"nonce-01", {}), Hello(2, b"nonce-01", {}, False, (2, 3))]
)
def test_a_hello_that_cannot_be_served_is_refused(hello: Hello) -> None:
    state = _known()
    after, effects = hospital.step(state, HelloArrived(hello, False, 0))
    assert after == state
    assert isinstance(effects[0], Refuse)


def test_frames_are_stored_in_order_and_receipted() -> None:
    state, effects = _arrive(_known(), 1, 3)
    assert effects[0] == Store("c", 2, 1, tuple(RECORDS[:3]), 3, LINKS[3])
    assert _receipt(effects).at == Position(3, LINKS[3])
    again, effects = _arrive(state, 1, 3)
    assert again == state
    assert [type(e) for e in effects] == [Reply]


def test_a_repeat_that_grew_stores_only_what_is_new() -> None:
    state, _ = _arrive(_known(), 1, 3)
    _, effects = _arrive(state, 2, 6)
    assert effects[0] == Store("c", 2, 4, tuple(RECORDS[3:6]), 6, LINKS[6])


def test_a_frame_after_a_gap_waits_for_it() -> None:
    state, effects = _arrive(_known(), 4, 6)
    assert (_receipt(effects).gap, _receipt(effects).at.cum) == (True, 0)
    state, effects = _arrive(state, 4, 6)
    assert len(state.waiting) == 1
    state, effects = _arrive(state, 1, 3)
    assert [e.cum for e in effects if isinstance(e, Store)] == [3, 6]
    assert (_receipt(effects).gap, _receipt(effects).at) == (False, Position(6, LINKS[6]))
    assert state.waiting == ()


def test_no_more_than_a_few_frames_wait() -> None:
    state = _known()
    for first in range(2, 40):
        rows = [b"x"]
        state, _ = hospital.step(state, FrameArrived(_frame(first, rows), rows))
    assert len(state.waiting) == hospital.HELD_FRAMES


@pytest.mark.parametrize("first", [2, 4])
def test_a_frame_of_another_chain_is_refused_with_the_truth(first: int) -> None:
    state, _ = _arrive(_known(), 1, 3)
    rows = [b"other-%d" % n for n in range(6)]
    event = FrameArrived(_frame(first, rows, b"another chain!!!"), rows)
    after, effects = hospital.step(state, event)
    assert (after, effects[0]) == (state, Refuse("fork"))
    assert _receipt(effects).at == Position(3, LINKS[3])


@pytest.mark.parametrize(
    ("change", "reason", "replies"),
    [
        ({"epoch": 1}, "stale session", 1),
        ({"nonce": b"old-one!"}, "stale session", 1),
        ({"box_id": "another"}, "foreign box", 0),
        ({"lane": "z"}, "unknown lane", 0),
    ],
)
def test_a_frame_that_does_not_belong_is_refused(
    change: dict[str, object], reason: str, replies: int
) -> None:
    state = _known()
    event = FrameArrived(_frame(1, RECORDS[:2], **change), RECORDS[:2])
    after, effects = hospital.step(state, event)
    assert (after, effects[0], len(effects) - 1) == (state, Refuse(reason), replies)


@pytest.mark.parametrize("records", [None, RECORDS[:1]])
def test_an_unreadable_frame_is_asked_for_row_by_row(records: list[bytes] | None) -> None:
    state = _known()
    event = FrameArrived(_frame(1, RECORDS[:3]), records)
    after, effects = hospital.step(state, event)
    assert after == state
    assert effects == (
        Refuse("unreadable"),
        Reply(Nack(NONCE, "c", 1, 3, "unreadable")),
    )


def test_an_unreadable_row_is_kept_and_passed() -> None:
    alone = _frame(1, RECORDS[:1], flags=2, end_chain=LINKS[1])
    state, effects = hospital.step(_known(), FrameArrived(alone, None))
    assert effects[0] == KeepRaw("c", 2, 1, LINKS[1])
    assert _receipt(effects).at == Position(1, LINKS[1])
    state, effects = _arrive(state, 2, 3)
    assert _receipt(effects).at == Position(3, LINKS[3])


def test_an_unreadable_row_of_another_chain_does_not_move_the_stream() -> None:
    alone = _frame(1, RECORDS[:1], b"another chain!!!", flags=2, end_chain=LINKS[1])
    state = _known()
    after, effects = hospital.step(state, FrameArrived(alone, None))
    assert (after, effects[0]) == (state, Refuse("fork"))


def test_a_record_too_large_leaves_a_tombstone_and_the_chain_goes_on() -> None:
    giant = b"x" * (framing.MAX_RECORD_BYTES + 1)
    send = SendFrame("c", 2, 1, 1, GENESIS, NONCE)
    header, payload = framing.compose(BOX_ID, send, [giant])
    records = framing.disclose(header, payload)
    state, effects = hospital.step(_known(), FrameArrived(header, records))
    assert effects[0] == Store(
        "c", 2, 1, (framing.tombstone(giant, "too large"),), 1, chain(GENESIS, giant)
    )
    assert _receipt(effects).at.chain == chain(GENESIS, giant)


def test_a_tombstone_is_an_entry_of_the_same_time() -> None:
    at = Stamp(3, 4, 5, ClockQuality.NTP)
    giant = Entry("file", at, {"raw": "00" * framing.MAX_RECORD_BYTES}, "nurse").canonical()
    stone = Entry.parse(framing.tombstone(giant, "too large"))
    assert (stone.kind, stone.at, stone.body["bytes"]) == ("tombstone", at, len(giant))


def test_the_backup_moves_safe_forward_only() -> None:
    state, _ = _arrive(_known(), 1, 5)
    state, effects = hospital.step(state, BackedUp("c", 4, LINKS[4]))
    assert _receipt(effects).at == Position(5, LINKS[5], 4, LINKS[4])
    for safe in (4, 3, 6):
        assert hospital.step(state, BackedUp("c", safe, LINKS[safe])) == (state, ())


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), max_size=25))
@settings(max_examples=300, deadline=None)
def test_frames_in_any_order_and_number_make_one_stream(cuts: list[tuple[int, int]]) -> None:
    state, stored = _known(), b""
    for first, more in cuts:
        state, effects = _arrive(state, first, min(first + more, 9))
        stored += b"".join(b"".join(e.records) for e in effects if isinstance(e, Store))
        at = hospital.place(state, "c")
        assert (at.chain, stored) == (LINKS[at.cum], b"".join(RECORDS[: at.cum]))
        assert _receipt(effects).at == at


# --- both ends, through the real codec and envelope -------------------------------------------


def test_a_payload_of_another_schema_is_unreadable() -> None:
    send = SendFrame("c", 2, 1, 1, GENESIS, NONCE)
    header, payload = framing.compose(BOX_ID, send, RECORDS[:1])
    assert framing.disclose(header, payload) == RECORDS[:1]
    assert framing.disclose(replace(header, schema=9), payload) is None
    assert framing.disclose(header, b"\x07nonsense") is None
    with pytest.raises(ValueError, match="2 records"):
        framing.compose(BOX_ID, send, RECORDS[:2])


def test_the_lanes_are_those_of_the_journal() -> None:
    assert {Lane.ALERT.value, Lane.CLINICAL.value, Lane.FILES.value} == set(hospital.LANES)
