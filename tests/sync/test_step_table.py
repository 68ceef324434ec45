"""The box's table of phases, cell by cell: what an event changes, and all that it leaves alone.

Each test begins from a session in the middle of its life, with nothing at its default: what a step
should keep and does not, shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge.model.entry import GENESIS
from sync.core import BoxSession, Fence, Nack, Phase, Position, Receipt, Welcome, box
from sync.core.retry_times import backoff_ms, next_nonce, patience_ms
from sync.core.session import (
    AnchorClock,
    Dial,
    Effect,
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
    SendingLane,
    SetTimer,
    Start,
    StartEpoch,
    Tick,
)
from sync.simulation.disk import Disk

NONCE = b"nonce-00"
NEXT = next_nonce(NONCE)
TRIP = 120
FENCED_WAIT = 15 * 60_000


def disk(alerts: int = 0, clinical: int = 0, *, base: int = 0, cum: int = 0, safe: int = 0) -> Disk:
    """Return an outbox in epoch 3; base, cum and safe are those of lane c."""
    made = Disk(number=3)
    for lane, count in (("a", alerts), ("c", clinical)):
        for number in range(count):
            made.streams[lane].append(b"%s-%03d" % (lane.encode(), number))
    made.streams["c"].prune(base)
    made.streams["c"].cum, made.streams["c"].safe = cum, safe
    return made


def at(outbox: Disk, lane: str, cum: int, safe: int = 0) -> Position:
    """Return a position that agrees with an outbox where it can be compared."""
    links = [outbox.chain_at(lane, seq) or b"?" * 16 for seq in (cum, safe)]
    return Position(cum, links[0], safe, links[1])


def session(phase: Phase, **more: object) -> BoxSession:
    """Return a session that has been through much."""
    made = BoxSession(phase, 3, NONCE, 50_000, 700, 1, 2, 3, TRIP, 90)
    return replace(made, careful={"c": 4}, **more)  # type: ignore[arg-type]


def streaming(outbox: Disk, **lanes: SendingLane) -> BoxSession:
    """Return a session that streams; a lane that is not given is at its beginning."""
    streams = {lane: lanes.get(lane, SendingLane(0, 0)) for lane in outbox.lanes()}
    return session(Phase.STREAMING, streams=streams, tries=0)


def step(before: BoxSession, event: Event, outbox: Disk) -> tuple[BoxSession, list[Effect]]:
    """Return what one event does, without timers."""
    after, effects = box.step(before, event, outbox)
    timers = [e for e in effects if isinstance(e, SetTimer)]
    changed = box.deadline(after) != box.deadline(before)
    assert timers == ([SetTimer(box.deadline(after))] if changed else [])
    return after, [e for e in effects if not isinstance(e, SetTimer)]


def opened(before: BoxSession, now_ms: int, *, restart: bool = False, fork: bool = False) -> object:
    """Return the session and effects with which `before` says HELLO anew, or pauses before it."""
    restarts = before.restarts + restart
    phase = Phase.FORKED if fork else Phase.HELLO_SENT
    made = replace(before, phase=phase, nonce=next_nonce(before.nonce), tries=0, streams={})
    made = replace(made, restarts=restarts)
    pause = backoff_ms(max(0, restarts - 1), before.nonce)
    if pause:
        return replace(made, due_ms=now_ms + pause), []
    due = now_ms + patience_ms(5_000, before.srtt_ms, 0)
    hello = SendHello(made.nonce, fork)
    return replace(made, tries=1, hello_ms=now_ms, due_ms=due), [hello]


def offline(before: BoxSession, now_ms: int) -> BoxSession:
    """Return the session after the link of `before` was lost."""
    failures = before.failures + 1
    kept = BoxSession(Phase.OFFLINE, before.epoch, before.nonce, failures=failures)
    kept = replace(kept, restarts=before.restarts, srtt_ms=before.srtt_ms, careful=before.careful)
    return replace(kept, due_ms=now_ms + backoff_ms(failures, before.nonce))


# --- the link ---------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.OFFLINE])
def test_who_has_begun_does_not_begin_again(phase: Phase) -> None:
    before = session(phase)
    assert step(before, Start(900, b"another!"), disk()) == (before, [])


def test_it_begins_by_dialling_under_the_nonce_of_its_process() -> None:
    after, effects = step(session(Phase.OFFLINE), Start(900, b"another!"), disk())
    assert after == session(Phase.DIALING, nonce=b"another!", due_ms=60_900)
    assert effects == [Dial()]


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.DIALING])
def test_a_link_that_nobody_dialled_changes_nothing(phase: Phase) -> None:
    before = session(phase)
    assert step(before, LinkUp(900), disk()) == (before, [])


def test_a_lost_link_is_remembered_once() -> None:
    for phase in Phase:
        before = session(phase)
        after, effects = step(before, LinkLost(900), disk())
        assert effects == []
        assert after == (before if phase is Phase.OFFLINE else offline(before, 900))


@pytest.mark.parametrize("restarts", [0, 1, 2, 3])
def test_a_hello_after_repeated_restarts_waits(restarts: int) -> None:
    before = session(Phase.DIALING, restarts=restarts)
    after, effects = step(before, LinkUp(900), disk())
    assert (after, effects) == opened(before, 900)
    assert (effects == []) == (restarts > 1)


# --- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", Phase)
def test_a_tick_before_its_time_does_nothing(phase: Phase) -> None:
    before = session(phase)
    for early in (0, 49_999):
        assert step(before, Tick(early), disk()) == (before, [])
    timeless = replace(before, due_ms=None)
    assert step(timeless, Tick(10**9), disk()) == (timeless, [])


def test_a_tick_in_its_time_goes_on_by_the_phase() -> None:
    before = session(Phase.OFFLINE)
    assert step(before, Tick(50_000), disk()) == (
        replace(before, phase=Phase.DIALING, due_ms=110_000),
        [Dial()],
    )
    before = session(Phase.DIALING)
    reason = "the dial took too long"
    assert step(before, Tick(50_000), disk()) == (offline(before, 50_000), [HangUp(reason)])
    for phase in (Phase.FENCED, Phase.STREAMING):
        before = session(phase, restarts=0)
        assert step(before, Tick(50_000), disk()) == opened(before, 50_000)


@pytest.mark.parametrize("phase", [Phase.HELLO_SENT, Phase.FORKED])
def test_an_unanswered_hello_is_said_again_and_then_no_more(phase: Phase) -> None:
    for tries in (0, 1, 2):
        before = session(phase, tries=tries)
        after, effects = step(before, Tick(50_000), disk())
        first = 700 if tries else 50_000
        due = 50_000 + patience_ms(5_000, TRIP, tries)
        assert after == replace(before, tries=tries + 1, hello_ms=first, due_ms=due)
        assert effects == [SendHello(NONCE, phase is Phase.FORKED)]
    before = session(phase, tries=3)
    reason = "nobody answers the HELLO"
    assert step(before, Tick(50_000), disk()) == (offline(before, 50_000), [HangUp(reason)])


def flights(*spans: tuple[int, int, int]) -> tuple[Flight, ...]:
    """Return frames under way: first, last, when they were sent."""
    return tuple(Flight(first, last, when, fresh=True, full=True) for first, last, when in spans)


def test_frames_under_way_are_due_from_the_oldest_of_any_lane() -> None:
    outbox = disk(3, 9)
    before = streaming(
        outbox,
        a=SendingLane(0, 0, flights((1, 3, 2_000))),
        c=SendingLane(0, 0, flights((1, 5, 1_000), (6, 9, 3_000))),
    )
    assert box.deadline(before) == 31_000
    assert step(before, Tick(30_999), outbox) == (before, [])
    after, effects = step(before, Tick(31_000), outbox)
    assert after.streams["a"] == before.streams["a"]
    assert after.streams["c"].repeat_to == 9
    assert after.tries == 1
    assert [(e.lane, e.first_seq) for e in effects if isinstance(e, SendFrame)] == [("c", 1)]
    assert not after.streams["c"].flights[0].fresh
    assert box.deadline(after) == 2_000 + 60_000


def test_after_three_silences_the_link_is_given_up() -> None:
    outbox = disk(0, 9)
    before = replace(streaming(outbox, c=SendingLane(0, 0, flights((1, 9, 1_000)))), tries=2)
    after, _ = step(before, Tick(1_000 + 4 * 30_000), outbox)
    assert (after.phase, after.tries) == (Phase.STREAMING, 3)
    before = replace(before, tries=3)
    now = 1_000 + 8 * 30_000
    reason = "frames stay without a receipt"
    assert step(before, Tick(now), outbox) == (offline(before, now), [HangUp(reason)])


def test_a_hospital_that_fell_behind_is_greeted_when_frames_stay_unanswered() -> None:
    outbox = disk(0, 9)
    lane = SendingLane(0, 0, flights((1, 9, 1_000)), behind=True)
    before = replace(streaming(outbox, c=lane), restarts=0)
    assert step(before, Tick(31_000), outbox) == opened(before, 31_000, restart=True)
    quiet = replace(before, streams={**before.streams, "a": SendingLane(0, 0, behind=True)})
    quiet = replace(quiet, streams={**quiet.streams, "c": replace(lane, behind=False)})
    assert step(quiet, Tick(31_000), outbox)[0].phase is Phase.STREAMING


# --- WELCOME ----------------------------------------------------------------------------------


def welcome(outbox: Disk, nonce: bytes = NONCE, epoch: int = 3, **lanes: Position) -> Welcome:
    return Welcome(nonce, epoch, lanes, utc_ms=1_000_000)


def test_a_welcome_counts_only_for_the_hello_that_it_answers() -> None:
    outbox = disk(0, 9)
    for phase in Phase:
        before = session(phase)
        message = MessageArrived(900, welcome(outbox, b"another!"))
        assert step(before, message, outbox) == (before, [])
        if phase is not Phase.HELLO_SENT:
            after, effects = step(before, MessageArrived(900, welcome(outbox)), outbox)
            idle = 900 + 7_200_000 if phase is Phase.STREAMING else before.due_ms
            assert (after, effects) == (replace(before, due_ms=idle), [])
    before = session(Phase.HELLO_SENT)
    for epoch in (2, 4):
        late = MessageArrived(900, welcome(outbox, epoch=epoch))
        assert step(before, late, outbox) == (before, [])


@pytest.mark.parametrize("tries", [1, 2])
@pytest.mark.parametrize("epoch", [3, 2])
def test_a_welcome_starts_both_lanes_and_sets_the_clock(tries: int, epoch: int) -> None:
    outbox = disk(1, 9, cum=2, safe=1)
    before = session(Phase.HELLO_SENT, tries=tries, epoch=epoch)
    places = {"c": at(outbox, "c", 5, 3)}
    after, effects = step(before, MessageArrived(801, welcome(outbox, **places)), outbox)
    careful = 4 if epoch == 3 else 0
    assert effects[:2] == [AnchorClock(1_000_050, 51), PersistCustody("c", 5, 3)]
    first = SendFrame("a", 3, 1, 1, GENESIS, NONCE, alone=False)
    assert first in effects
    assert (after.streams["c"].cum, after.streams["c"].safe) == (5, 3)
    assert after.streams["c"].repeat_to == 2
    assert after.streams["c"].careful_to == careful
    assert (after.phase, after.epoch, after.tries, after.failures) == (Phase.STREAMING, 3, 0, 0)
    assert after.due_ms == 801 + 7_200_000
    assert after.srtt_ms == (101 if tries == 1 else TRIP)
    assert after.careful == ({"c": 4} if epoch == 3 else {})
    assert (after.restarts, after.nonce, after.hello_ms) == (before.restarts, NONCE, 700)


def test_a_welcome_that_says_nothing_new_persists_nothing() -> None:
    outbox = disk(0, 9, cum=5, safe=3)
    for place in (at(outbox, "c", 5, 3), at(outbox, "c", 5, 2)):
        before = session(Phase.HELLO_SENT)
        _, effects = step(before, MessageArrived(900, welcome(outbox, c=place)), outbox)
        assert not [e for e in effects if isinstance(e, PersistCustody)]


@pytest.mark.parametrize("restarts", [0, 1])
def test_a_welcome_that_does_not_fit_is_a_fork(restarts: int) -> None:
    outbox = disk(0, 9, base=3, cum=5, safe=3)
    good = at(outbox, "c", 5, 4)
    for place in (
        replace(good, chain=b"!" * 16),
        replace(good, safe_chain=b"!" * 16),
        at(outbox, "c", 10),
        at(outbox, "c", 2),
    ):
        before = session(Phase.HELLO_SENT, restarts=restarts)
        after, effects = step(before, MessageArrived(900, welcome(outbox, c=place)), outbox)
        forked, said = opened(before, 900, restart=True, fork=True)  # type: ignore[misc]
        note = Note("fork", "lane c: the hospital's chain is not ours")
        assert (after, effects) == (forked, [note, *said])
    for place in (at(outbox, "c", 3, 3), at(outbox, "c", 9, 9), at(outbox, "c", 4, 2)):
        before = session(Phase.HELLO_SENT)
        after, _ = step(before, MessageArrived(900, welcome(outbox, c=place)), outbox)
        assert after.phase is Phase.STREAMING


# --- RECEIPT ----------------------------------------------------------------------------------


def test_a_receipt_that_is_not_for_this_stream_changes_nothing_but_the_idle_time() -> None:
    outbox = disk(0, 9)
    before = streaming(outbox, c=SendingLane(0, 0, flights((1, 9, 1_000))))
    idle = replace(before, due_ms=2_000 + 7_200_000)
    place = at(outbox, "c", 9)
    for receipt in (Receipt(NONCE, 2, "c", place), Receipt(NONCE, 3, "z", place)):
        assert step(before, MessageArrived(2_000, receipt), outbox) == (idle, [])
    foreign = Receipt(b"another!", 3, "c", place)
    assert step(before, MessageArrived(2_000, foreign), outbox) == (before, [])
    for phase in (Phase.HELLO_SENT, Phase.FORKED, Phase.FENCED):
        other = replace(before, phase=phase)
        receipt = Receipt(NONCE, 3, "c", place)
        assert step(other, MessageArrived(2_000, receipt), outbox) == (other, [])


def test_a_receipt_that_lies_is_a_fork() -> None:
    outbox = disk(0, 9)
    before = replace(streaming(outbox, c=SendingLane(0, 0, flights((1, 9, 1_000)))), restarts=0)
    lie = Receipt(NONCE, 3, "c", replace(at(outbox, "c", 9), chain=b"!" * 16))
    after, effects = step(before, MessageArrived(2_000, lie), outbox)
    idle = replace(before, due_ms=2_000 + 7_200_000)
    forked, said = opened(idle, 2_000, restart=True, fork=True)  # type: ignore[misc]
    assert (after, effects) == (
        forked,
        [Note("fork", "lane c: a receipt's chain is not ours"), *said],
    )


def test_a_receipt_takes_what_landed_and_never_goes_back() -> None:
    outbox = disk(0, 9)
    lane = SendingLane(2, 1, flights((3, 5, 1_000), (6, 9, 1_200)), 4, 0, -1)
    before = replace(streaming(outbox, c=lane), tries=2, restarts=2)
    after, effects = step(
        before, MessageArrived(2_000, Receipt(NONCE, 3, "c", at(outbox, "c", 5, 4))), outbox
    )
    assert effects == [PersistCustody("c", 5, 4)]
    assert after.streams["c"] == replace(lane, cum=5, safe=4, flights=lane.flights[1:])
    assert (after.tries, after.restarts) == (0, 2)
    assert after.srtt_ms == (7 * TRIP + 1_000) // 8
    late = Receipt(NONCE, 3, "c", at(outbox, "c", 3, 2))
    again, effects = step(after, MessageArrived(2_100, late), outbox)
    assert (again, effects) == (replace(after, due_ms=2_100 + 7_200_000), [])
    whole = Receipt(NONCE, 3, "c", at(outbox, "c", 9, 4))
    rest, effects = step(again, MessageArrived(2_200, whole), outbox)
    assert effects == [PersistCustody("c", 9, 4)]
    assert (rest.restarts, rest.streams["c"].flights) == (0, ())


def test_a_gap_is_filled_once_for_each_place() -> None:
    outbox = disk(0, 9)
    lane = SendingLane(2, 0, flights((3, 5, 1_000), (6, 9, 1_200)))
    before = streaming(outbox, c=lane)
    gap = Receipt(NONCE, 3, "c", at(outbox, "c", 2), gap=True)
    after, effects = step(before, MessageArrived(2_000, gap), outbox)
    assert [(e.first_seq, e.n) for e in effects if isinstance(e, SendFrame)] == [(3, 7)]
    assert (after.streams["c"].repeat_to, after.streams["c"].went_back_to) == (9, 2)
    assert not after.streams["c"].behind
    again, effects = step(after, MessageArrived(2_100, gap), outbox)
    assert effects == []
    assert again.streams == after.streams


def test_a_gap_behind_what_was_confirmed_is_a_doubt_until_something_lands() -> None:
    outbox = disk(0, 9)
    before = streaming(outbox, c=SendingLane(5, 0, flights((6, 7, 1_000), (8, 9, 1_100))))
    for gap, doubt in ((True, True), (False, False)):
        receipt = Receipt(NONCE, 3, "c", at(outbox, "c", 4), gap=gap)
        after, _ = step(before, MessageArrived(2_000, receipt), outbox)
        assert after.streams["c"].behind is doubt
        assert after.streams["c"].cum == 5
        assert after.streams["c"].flights == before.streams["c"].flights
    lane = replace(before.streams["c"], behind=True)
    before = streaming(outbox, c=lane)
    here = Receipt(NONCE, 3, "c", at(outbox, "c", 5))
    assert step(before, MessageArrived(2_000, here), outbox)[0].streams["c"].behind
    more = Receipt(NONCE, 3, "c", at(outbox, "c", 7))
    assert not step(before, MessageArrived(2_000, more), outbox)[0].streams["c"].behind


# --- FENCE ------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("epoch", [0, 2, 3, 4, 9])
def test_a_fence_by_phase_and_epoch(phase: Phase, epoch: int) -> None:
    outbox = disk(0, 9)
    before = session(phase, restarts=0, streams={"c": SendingLane(2, 1)})
    after, effects = step(before, MessageArrived(900, Fence(NONCE, epoch, "why")), outbox)
    if phase is Phase.STREAMING:
        assert (after, effects) == (replace(before, due_ms=900 + 7_200_000), [])
    elif phase not in (Phase.HELLO_SENT, Phase.FORKED) or 0 < epoch <= 3:
        assert (after, effects) == (before, [])
    elif epoch == 0:
        shut = replace(before, phase=Phase.FENCED, due_ms=900 + FENCED_WAIT, streams={})
        assert (after, effects) == (shut, [Note("fenced", "why")])
    else:
        new, said = opened(before, 900)  # type: ignore[misc]
        assert (after, effects) == (new, [StartEpoch(epoch, "why"), *said])


# --- NACK -------------------------------------------------------------------------------------


def test_a_nack_of_a_stale_session_opens_another() -> None:
    outbox = disk(0, 9)
    before = replace(streaming(outbox, c=SendingLane(0, 0, flights((1, 9, 1_000)))), restarts=0)
    stale = Nack(NONCE, "c", 1, 9, "stale session")
    idle = replace(before, due_ms=2_000 + 7_200_000)
    assert step(before, MessageArrived(2_000, stale), outbox) == opened(idle, 2_000, restart=True)
    for other in (replace(stale, lane="z"), replace(stale, nonce=b"another!")):
        after, effects = step(before, MessageArrived(2_000, other), outbox)
        assert (after.streams, effects) == (before.streams, [])
    greeted = replace(before, phase=Phase.HELLO_SENT)
    assert step(greeted, MessageArrived(2_000, stale), outbox) == (greeted, [])


def unreadable(first: int, n: int) -> MessageArrived:
    return MessageArrived(2_000, Nack(NONCE, "c", first, n, "unreadable"))


def test_rows_that_cannot_be_read_go_alone_from_where_the_hospital_is() -> None:
    outbox = disk(0, 9)
    lane = SendingLane(2, 1, flights((3, 9, 1_000)), careful_to=0)
    before = replace(streaming(outbox, c=lane), careful={"a": 1}, full_ms=None)
    after, effects = step(before, unreadable(3, 5), outbox)
    assert effects[0] == Note("unreadable", "lane c 3..7")
    assert effects[1] == SendFrame("c", 3, 3, 1, outbox.chain_at("c", 2), NONCE, alone=True)  # type: ignore[arg-type]
    assert len(effects) == 2
    assert after.careful == {"a": 1, "c": 7}
    assert (after.streams["c"].careful_to, after.streams["c"].repeat_to) == (7, 9)
    beyond, _ = step(before, unreadable(3, 99), outbox)
    assert beyond.careful["c"] == 9


@pytest.mark.parametrize(("first", "n", "careful", "ignored"), [
    (1, 2, 0, True), (1, 3, 0, False), (3, 3, 5, True), (3, 4, 5, False),
])  # fmt: skip
def test_a_nack_about_what_is_past_or_known_is_ignored(
    first: int, n: int, careful: int, ignored: bool
) -> None:
    outbox = disk(0, 9)
    lane = SendingLane(2, 1, flights((3, 9, 1_000)), careful_to=careful)
    before = streaming(outbox, c=lane)
    after, effects = step(before, unreadable(first, n), outbox)
    assert (effects == []) == ignored
    assert (after.streams == before.streams) == ignored


# --- sending ----------------------------------------------------------------------------------


def frames(effects: Sequence[Effect]) -> list[tuple[str, int, int]]:
    return [(e.lane, e.first_seq, e.n) for e in effects if isinstance(e, SendFrame)]


def test_only_a_streaming_session_sends() -> None:
    outbox = disk(2, 9)
    for phase in Phase:
        before = replace(streaming(outbox), phase=phase)
        after, effects = step(before, RecordsAppended(2_000), outbox)
        if phase is Phase.STREAMING:
            assert frames(effects) == [("a", 1, 2), ("c", 1, 9)]
            sent = after.streams["c"].flights
            assert sent == (Flight(1, 9, 2_000, fresh=True, full=False),)
        else:
            assert (after, effects) == (before, [])


def test_alerts_have_a_window_of_four_and_bulk_its_own() -> None:
    outbox = disk(200, 200)
    three = flights(*((n, n, 1_000) for n in (1, 2, 3)))
    before = replace(streaming(outbox, a=SendingLane(0, 0, three)), full_ms=None)
    after, effects = step(before, RecordsAppended(2_000), outbox)
    assert [lane for lane, _, _ in frames(effects)] == ["a", "c"]
    assert len(after.streams["a"].flights) == 4
    assert len(after.streams["c"].flights) == 1
    assert after.streams["c"].flights[0].full
    assert step(after, RecordsAppended(2_100), outbox) == (after, [])


def test_a_row_that_must_go_alone_is_marked_and_its_frame_is_not_full() -> None:
    outbox = disk(0, 9)
    before = streaming(outbox, c=SendingLane(2, 0, careful_to=3, repeat_to=3))
    after, effects = step(replace(before, full_ms=100), RecordsAppended(2_000), outbox)
    assert frames(effects) == [("c", 3, 1), ("c", 4, 6)]
    alone = [e.alone for e in effects if isinstance(e, SendFrame)]
    assert alone == [True, False]
    sent = after.streams["c"].flights
    assert [(f.fresh, f.full) for f in sent] == [(False, False), (True, False)]


def test_what_may_not_be_sent_or_is_not_there_is_not_sent() -> None:
    outbox = disk(2, 9)
    outbox.may_send = lambda lane: lane == "a"
    _, effects = step(streaming(outbox), RecordsAppended(2_000), outbox)
    assert frames(effects) == [("a", 1, 2)]


@pytest.mark.parametrize("number", [2, 4])
def test_another_epoch_under_the_session_is_another_medium(number: int) -> None:
    outbox = disk(0, 9)
    before = replace(streaming(outbox), restarts=0)
    outbox.number = number
    after, effects = step(before, RecordsAppended(2_000), outbox)
    new, said = opened(before, 2_000, restart=True)  # type: ignore[misc]
    note = Note("medium", "the journal was exchanged under the session")
    assert (after, effects) == (new, [note, *said])


@pytest.mark.parametrize(("cum", "fits"), [(2, False), (3, True), (9, True), (10, False)])
def test_a_journal_that_does_not_hold_what_was_sent_is_another_medium(cum: int, fits: bool) -> None:
    outbox = disk(0, 9, base=3)
    before = replace(streaming(outbox, c=SendingLane(cum, 0)), restarts=0)
    after, _ = step(before, RecordsAppended(2_000), outbox)
    assert (after.phase is Phase.STREAMING) == fits
    assert (after.restarts == 0) == fits


def test_the_next_session_has_a_nonce_of_its_own() -> None:
    assert next_nonce(NONCE) == NEXT != NONCE
    assert len(NEXT) == 8
