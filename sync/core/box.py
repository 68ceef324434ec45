"""The box's end of CS/1: one session, as a table of phases and a pure function.

    OFFLINE --due--> DIALING --LinkUp-----> HELLO_SENT --WELCOME, chains agree--> STREAMING
       ^                                     |    ^   |                              |
       |                                     |    |   +--WELCOME, chains differ--+   |
       |                              FENCE n|    +--FENCE n (new epoch)--+      |   |
       |                              FENCE 0|                            |      v   v
       +--LinkLost, silence-- (any)          +--> FENCED              FORKED <-- RECEIPT lies

Comparing the chains (CHECK) takes no time, so it is no phase. Nothing here is durable: after a
crash the session starts again from what the outbox holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from edge.model.entry import Lane
from sync.core import messages
from sync.core.messages import Fence, Hello, LaneReport, Nack, Position, Receipt, Welcome
from sync.core.retry_times import (
    BACKOFF_LIMIT_MS,
    HELLO_FLOOR_MS,
    RTO_FLOOR_MS,
    SILENCES,
    backoff_ms,
    next_nonce,
    patience_ms,
    window,
)
from sync.core.session import (
    AnchorClock,
    BoxSession,
    Dial,
    Effect,
    Event,
    Flight,
    HangUp,
    LinkLost,
    LinkUp,
    MessageArrived,
    Note,
    Outbox,
    PersistCustody,
    Phase,
    RecordsAppended,
    SendFrame,
    SendHello,
    SendingLane,
    SetTimer,
    Start,
    StartEpoch,
    Tick,
    clock_trips,
)

Step = tuple[BoxSession, tuple[Effect, ...]]

DIAL_LIMIT_MS = 60_000
IDLE_LIMIT_MS = 2 * 3_600_000
"""A box without records opens a new session after this long: a hospital restored from its backup
cannot call the boxes whose sessions it has forgotten."""
ALERT_WINDOW = 4


def step(session: BoxSession, event: Event, outbox: Outbox) -> Step:
    """Return the next session and what to do, in this order, before the next event."""
    after, effects = _answer(session, event, outbox)
    if deadline(after) != deadline(session):
        effects = (*effects, SetTimer(deadline(after)))
    return after, effects


def deadline(session: BoxSession) -> int | None:
    """Return when the next Tick is needed, None when nothing is awaited."""
    flights = [s.flights[0].at_ms for s in session.streams.values() if s.flights]
    return min(flights) + _rto_ms(session) if flights else session.due_ms


def hello(outbox: Outbox, effect: SendHello, about: Mapping[str, str]) -> Hello:
    """Return the HELLO that an effect asks for."""
    states = {lane: outbox.held(lane) for lane in outbox.lanes()}
    lanes = {lane: LaneReport(state.base, state.cum, state.last) for lane, state in states.items()}
    return Hello(outbox.epoch(), effect.nonce, lanes, effect.fork, about=dict(about))


# --- events, one by one -----------------------------------------------------------------------


def _answer(session: BoxSession, event: Event, outbox: Outbox) -> Step:
    match event:
        case Start():
            return _start(session, event)
        case LinkUp():
            return _connected(session, event.now_ms)
        case LinkLost():
            return _offline(session, event.now_ms)
        case MessageArrived():
            return _arrived(session, event, outbox)
        case RecordsAppended():
            return _pump(session, outbox, event.now_ms)
        case Tick():
            return _tick(session, outbox, event.now_ms)
        case _:
            assert_never(event)


def _start(session: BoxSession, event: Start) -> Step:
    if session.phase is not Phase.OFFLINE:
        return session, ()
    return _dial(replace(session, nonce=event.nonce), event.now_ms)


def _dial(session: BoxSession, now_ms: int) -> Step:
    return replace(session, phase=Phase.DIALING, due_ms=now_ms + DIAL_LIMIT_MS), (Dial(),)


def _connected(session: BoxSession, now_ms: int) -> Step:
    if session.phase is not Phase.DIALING:
        return session, ()
    return _open(session, now_ms)


def _offline(session: BoxSession, now_ms: int) -> Step:
    if session.phase is Phase.OFFLINE:
        return session, ()
    failures = session.failures + 1
    due = now_ms + backoff_ms(failures, session.nonce)
    fresh = BoxSession(nonce=session.nonce, failures=failures, restarts=session.restarts)
    kept = replace(fresh, epoch=session.epoch, careful=session.careful)
    return replace(kept, due_ms=due, srtt_ms=session.srtt_ms), ()


def _hang_up(session: BoxSession, now_ms: int, reason: str) -> Step:
    after, _ = _offline(session, now_ms)
    return after, (HangUp(reason),)


def _open(session: BoxSession, now_ms: int, fork: bool = False) -> Step:
    """Open a session under a new nonce; after repeated restarts only when a pause is over."""
    pause = backoff_ms(max(0, session.restarts - 1), session.nonce)
    phase = Phase.FORKED if fork else Phase.HELLO_SENT
    after = replace(session, phase=phase, nonce=next_nonce(session.nonce), tries=0, streams={})
    if pause:
        return replace(after, due_ms=now_ms + pause), ()
    return _send_hello(after, now_ms)


def _send_hello(session: BoxSession, now_ms: int) -> Step:
    # The same nonce again: the hospital answers a repeated HELLO as it answered the first.
    first_ms = session.hello_ms if session.tries else now_ms
    due = now_ms + patience_ms(HELLO_FLOOR_MS, session.srtt_ms, session.tries)
    after = replace(session, tries=session.tries + 1, hello_ms=first_ms, due_ms=due)
    return after, (SendHello(session.nonce, session.phase is Phase.FORKED),)


def _tick(session: BoxSession, outbox: Outbox, now_ms: int) -> Step:
    due = deadline(session)
    if due is None or now_ms < due:
        return session, ()
    match session.phase:
        case Phase.OFFLINE:
            return _dial(session, now_ms)
        case Phase.DIALING:
            return _hang_up(session, now_ms, "the dial took too long")
        case Phase.FENCED:
            return _open(session, now_ms)
        case Phase.HELLO_SENT | Phase.FORKED:
            if session.tries >= SILENCES:
                return _hang_up(session, now_ms, "nobody answers the HELLO")
            return _send_hello(session, now_ms)
        case Phase.STREAMING:
            under_way = any(s.flights for s in session.streams.values())
            return _overdue(session, outbox, now_ms) if under_way else _open(session, now_ms)
        case _:
            assert_never(session.phase)


def _overdue(session: BoxSession, outbox: Outbox, now_ms: int) -> Step:
    if session.tries >= SILENCES:
        return _hang_up(session, now_ms, "frames stay without a receipt")
    if any(s.flights and s.behind for s in session.streams.values()):
        return _open(_count_restart(session), now_ms)  # restored under a living session
    limit = now_ms - _rto_ms(session)
    streams = {
        lane: _go_back(s) if s.flights and s.flights[0].at_ms <= limit else s
        for lane, s in session.streams.items()
    }
    again = replace(session, streams=streams, tries=session.tries + 1)
    return _pump(again, outbox, now_ms)


# --- messages, one by one ---------------------------------------------------------------------


def _arrived(session: BoxSession, event: MessageArrived, outbox: Outbox) -> Step:
    if event.message.nonce != session.nonce:
        return session, ()  # of another session: late, repeated, or meant for a clone
    if session.phase is Phase.STREAMING:
        session = replace(session, due_ms=event.now_ms + IDLE_LIMIT_MS)
    match event.message:
        case Welcome():
            return _welcome(session, event.message, outbox, event.now_ms)
        case Receipt():
            return _receipt(session, event.message, outbox, event.now_ms)
        case Fence():
            return _fence(session, event.message, outbox, event.now_ms)
        case Nack():
            return _nack(session, event.message, outbox, event.now_ms)
        case _:
            assert_never(event.message)


def _welcome(session: BoxSession, w: Welcome, outbox: Outbox, now_ms: int) -> Step:
    if session.phase is not Phase.HELLO_SENT or w.epoch != outbox.epoch():
        return session, ()
    places = {lane: w.lanes.get(lane, Position()) for lane in outbox.lanes()}
    for lane, place in places.items():
        if place.cum < outbox.held(lane).base or not agrees(outbox, lane, place):
            return _fork(session, now_ms, f"lane {lane}: the hospital's chain is not ours")
    trip = now_ms - session.hello_ms
    custody = [_adopt(outbox, lane, place) for lane, place in places.items()]
    # A daily budget may run out between an answer and the rows it asked for: ask for no second.
    careful = session.careful if session.epoch == w.epoch else {}
    streams = {
        lane: SendingLane(cum, safe, (), outbox.held(lane).cum, careful.get(lane, 0))
        for lane, cum, safe in ((c.lane, c.cum, c.safe) for c in custody)
    }
    open_session = replace(
        session,
        phase=Phase.STREAMING,
        epoch=w.epoch,
        due_ms=now_ms + IDLE_LIMIT_MS,
        tries=0,
        failures=0,
        streams=streams,
        careful=careful,
        srtt_ms=trip if session.tries == 1 else session.srtt_ms,
    )
    after, sends = _pump(open_session, outbox, now_ms)
    clock = AnchorClock(w.utc_ms + trip // 2, (trip + 1) // 2)
    moved = [c for c in custody if _news(outbox, c)]
    return after, (clock, *moved, *sends)


def _receipt(session: BoxSession, receipt: Receipt, outbox: Outbox, now_ms: int) -> Step:
    sending = session.streams.get(receipt.lane)
    streaming = session.phase is Phase.STREAMING and receipt.epoch == outbox.epoch()
    if sending is None or not streaming:
        return session, ()
    if not agrees(outbox, receipt.lane, receipt.at):
        return _fork(session, now_ms, f"lane {receipt.lane}: a receipt's chain is not ours")
    after = _apply_receipt(session, receipt, now_ms)
    now = after.streams[receipt.lane]
    custody = PersistCustody(receipt.lane, now.cum, now.safe)
    news = (custody,) if (now.cum, now.safe) != (sending.cum, sending.safe) else ()
    final, sends = _pump(after, outbox, now_ms)
    return _at_rest(final), (*news, *sends)


def _fence(session: BoxSession, fence: Fence, outbox: Outbox, now_ms: int) -> Step:
    if session.phase not in (Phase.HELLO_SENT, Phase.FORKED):
        return session, ()
    if fence.epoch == 0:
        shut = replace(session, phase=Phase.FENCED, due_ms=now_ms + BACKOFF_LIMIT_MS, streams={})
        return shut, (Note("fenced", fence.reason),)
    if fence.epoch <= outbox.epoch():
        return session, ()
    start = StartEpoch(fence.epoch, fence.reason)
    after, effects = _open(session, now_ms)
    return after, (start, *effects)


def _nack(session: BoxSession, nack: Nack, outbox: Outbox, now_ms: int) -> Step:
    sending = session.streams.get(nack.lane)
    if session.phase is not Phase.STREAMING or sending is None:
        return session, ()
    if nack.reason != messages.UNREADABLE:
        return _open(_count_restart(session), now_ms)
    last = nack.first_seq + nack.n - 1
    if last <= sending.cum or last <= sending.careful_to:
        return session, ()
    to = min(last, outbox.held(nack.lane).last)
    warned = replace(session, careful={**session.careful, nack.lane: to})
    back = replace(_go_back(sending), careful_to=to)
    after, sends = _pump(_with(warned, nack.lane, back), outbox, now_ms)
    return after, (Note("unreadable", f"lane {nack.lane} {nack.first_seq}..{last}"), *sends)


def _fork(session: BoxSession, now_ms: int, why: str) -> Step:
    after, effects = _open(_count_restart(session), now_ms, fork=True)
    return after, (Note("fork", why), *effects)


# --- custody ----------------------------------------------------------------------------------


def agrees(outbox: Outbox, lane: str, place: Position) -> bool:
    """Whether what the hospital claims to hold is a prefix of this very stream.

    What lies before the base cannot be compared any more; it was, before it was pruned.
    """
    state = outbox.held(lane)
    if place.cum > state.last:
        return False
    if place.cum >= state.base and outbox.chain_at(lane, place.cum) != place.chain:
        return False
    return place.safe <= state.base or outbox.chain_at(lane, place.safe) == place.safe_chain


def _adopt(outbox: Outbox, lane: str, place: Position) -> PersistCustody:
    return PersistCustody(lane, place.cum, max(place.safe, outbox.held(lane).safe))


def _news(outbox: Outbox, custody: PersistCustody) -> bool:
    state = outbox.held(custody.lane)
    return (state.cum, state.safe) != (custody.cum, custody.safe)


def _apply_receipt(session: BoxSession, receipt: Receipt, now_ms: int) -> BoxSession:
    """Apply a verified receipt: acknowledged frames, round trip, a gap to go back to."""
    old = session.streams[receipt.lane]
    cum, safe = max(old.cum, receipt.at.cum), max(old.safe, receipt.at.safe)
    landed = [f for f in old.flights if f.last <= cum]
    # A gap behind what was confirmed: a late receipt, or a hospital that lost what it had. If
    # frames stay unanswered after it, it was the latter (see _overdue).
    behind = (old.behind or (receipt.gap and receipt.at.cum < old.cum)) and not landed
    left = old.flights[len(landed) :]
    after = replace(old, cum=cum, safe=safe, flights=left, behind=behind)
    if receipt.gap and receipt.at.cum == cum and after.flights and after.went_back_to != cum:
        after = replace(_go_back(after), went_back_to=cum)
    timed = clock_trips(session, [f for f in landed if f.fresh], now_ms)
    return _with(replace(timed, tries=0) if landed else timed, receipt.lane, after)


def _at_rest(session: BoxSession) -> BoxSession:
    """Forget past restarts once all is delivered; two clones in turn must not reset each other."""
    under_way = any(s.flights for s in session.streams.values())
    return session if under_way else replace(session, restarts=0)


def _go_back(sending: SendingLane) -> SendingLane:
    return replace(sending, flights=(), repeat_to=max(sending.repeat_to, sending.sent))


# --- sending ----------------------------------------------------------------------------------


def _pump(session: BoxSession, outbox: Outbox, now_ms: int) -> Step:
    """Send what the windows allow, the most urgent lane first."""
    if session.phase is not Phase.STREAMING:
        return session, ()
    if not _same_medium(session, outbox):
        again, hello_effects = _open(_count_restart(session), now_ms)
        return again, (
            Note("medium", "the journal was exchanged under the session"),
            *hello_effects,
        )
    effects: list[Effect] = []
    for lane in outbox.lanes():
        while _room(session, lane):
            frame = _next_frame(session, lane, outbox)
            if frame is None:
                break
            effects.append(frame)
            full = outbox.held(lane).last > frame.first_seq + frame.n - 1 and not frame.alone
            session = _launch(session, frame, now_ms, full)
    return session, tuple(effects)


def _same_medium(session: BoxSession, outbox: Outbox) -> bool:
    """Whether the session still fits the journal; a copy may have been restored under it."""
    if session.epoch != outbox.epoch():
        return False
    states = {lane: outbox.held(lane) for lane in session.streams}
    return all(states[k].base <= s.sent <= states[k].last for k, s in session.streams.items())


def _room(session: BoxSession, lane: str) -> bool:
    # Alerts have a window of their own, so that they never wait for a bulk frame's receipt.
    if lane == Lane.ALERT:
        return len(session.streams[lane].flights) < ALERT_WINDOW
    bulk = sum(len(s.flights) for name, s in session.streams.items() if name != Lane.ALERT)
    return bulk < window(session.srtt_ms, session.full_ms)


def _next_frame(session: BoxSession, lane: str, outbox: Outbox) -> SendFrame | None:
    sending = session.streams[lane]
    first = sending.sent + 1
    alone = first <= sending.careful_to
    n = outbox.fit(lane, first)
    before = outbox.chain_at(lane, first - 1)
    if n == 0 or before is None:
        return None
    epoch = outbox.epoch()
    return SendFrame(lane, epoch, first, 1 if alone else n, before, session.nonce, alone)


def _launch(session: BoxSession, frame: SendFrame, now_ms: int, full: bool) -> BoxSession:
    sending = session.streams[frame.lane]
    last = frame.first_seq + frame.n - 1
    flight = Flight(frame.first_seq, last, now_ms, frame.first_seq > sending.repeat_to, full)
    return _with(session, frame.lane, replace(sending, flights=(*sending.flights, flight)))


def _with(session: BoxSession, lane: str, sending: SendingLane) -> BoxSession:
    return replace(session, streams={**session.streams, lane: sending})


def _count_restart(session: BoxSession) -> BoxSession:
    return replace(session, restarts=session.restarts + 1)


def _rto_ms(session: BoxSession) -> int:
    return patience_ms(RTO_FLOOR_MS, session.srtt_ms, session.tries)
