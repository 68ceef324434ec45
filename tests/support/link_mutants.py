"""Mistakes in the up-link that a protocol like this has been seen to contain, or could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mutants import Mutant, put

from edge.store import data_budget, pruning
from sync.core import box, clones, hospital
from sync.core.messages import Hello, Position, Receipt, Welcome
from sync.core.session import MessageArrived, PersistCustody, SendFrame
from sync.courier import unsaved_receipts
from sync.simulation import Ends
from sync.simulation.parts import torn

MEDIA = {"restore_under": 20, "image": 20, "toggle_link": 2}
"""A session must outlive its journal for a receipt to be about another one."""
BUDGET = {"measure": 300}
FULL = {"fill_box": 50, "image": 25, "restore_under": 25}


def _ends(**parts: Any) -> Any:
    return lambda _monkeypatch: Ends(**parts)


def _believe(place: Position, lane: str, outbox: box.Outbox) -> Position:
    """Forge a position so that the comparison of chains always agrees."""
    held = outbox.held(lane)
    cum = min(max(place.cum, held.base), held.last)
    safe = min(max(place.safe, held.base), cum)
    chains = [outbox.chain_at(lane, seq) or bytes(16) for seq in (cum, safe)]
    return Position(cum, chains[0], safe, chains[1])


def _heard(event: Any, kind: type) -> bool:
    return isinstance(event, MessageArrived) and isinstance(event.message, kind)


def _no_chain_in_receipts(session: Any, event: Any, outbox: Any) -> Any:
    if _heard(event, Receipt):
        receipt = event.message
        forged = replace(receipt, at=_believe(receipt.at, receipt.lane, outbox))
        event = replace(event, message=forged)
    return box.step(session, event, outbox)


def _cum_beyond_the_last(session: Any, event: Any, outbox: Any) -> Any:
    if _heard(event, Receipt) and event.message.at.cum > outbox.held(event.message.lane).last:
        return session, ()
    if _heard(event, Welcome):
        lanes = {
            lane: _believe(at, lane, outbox) if at.cum > outbox.held(lane).last else at
            for lane, at in event.message.lanes.items()
        }
        event = replace(event, message=replace(event.message, lanes=lanes))
    return box.step(session, event, outbox)


def _no_chain_check_at_welcome(session: Any, event: Any, outbox: Any) -> Any:
    if _heard(event, Welcome):
        places = event.message.lanes
        lanes = {
            lane: _believe(places.get(lane, Position()), lane, outbox) for lane in outbox.lanes()
        }
        event = replace(event, message=replace(event.message, lanes=lanes))
    return box.step(session, event, outbox)


def _puback_is_trusted(session: Any, event: Any, outbox: Any) -> Any:
    after, effects = box.step(session, event, outbox)
    trusted = [
        PersistCustody(e.lane, e.first_seq + e.n - 1, after.streams[e.lane].safe)
        for e in effects
        if isinstance(e, SendFrame)
    ]
    streams = {k: replace(s, cum=s.sent, flights=()) for k, s in after.streams.items()}
    return replace(after, streams=streams), (*effects, *trusted)


def _any_receipt_counts(session: Any, event: Any, outbox: Any) -> Any:
    if _heard(event, Receipt):
        here = replace(event.message, nonce=session.nonce, epoch=outbox.epoch())
        forged = replace(here, at=_believe(here.at, here.lane, outbox))
        event = replace(event, message=forged)
    return box.step(session, event, outbox)


def _no_epoch_fence(state: Any, event: Any) -> Any:
    if isinstance(event, hospital.FrameArrived):
        header = replace(event.header, epoch=state.epoch, nonce=state.nonce)
        return hospital.step(state, replace(event, header=header))
    if isinstance(event, hospital.HelloArrived):
        hello: Hello = event.hello
        if not hello.fork and 0 < hello.epoch < state.epoch:
            state = replace(state, epoch=hello.epoch)
    return hospital.step(state, event)


def _gaps_are_accepted(state: Any, event: Any) -> Any:
    if isinstance(event, hospital.FrameArrived):
        at = hospital.place(state, event.header.lane)
        if event.header.first_seq > at.cum + 1:
            jump = replace(at, cum=event.header.first_seq - 1, chain=event.header.prev_chain)
            state = replace(state, streams={**state.streams, event.header.lane: jump})
    return hospital.step(state, event)


def _nonces_are_forgotten(state: Any, event: Any) -> Any:
    if isinstance(event, hospital.HelloArrived):
        event = replace(event, seen=False)
    return hospital.step(state, event)


def _revoked_counts(state: Any, event: Any) -> Any:
    return hospital.step(replace(state, standing=hospital.ACTIVE), event)


def _poison_blocks(state: Any, event: Any) -> Any:
    after, effects = hospital.step(state, event)
    if any(isinstance(e, hospital.KeepRaw) for e in effects):
        return state, ()
    return after, effects


def _poison_is_dropped(state: Any, event: Any) -> Any:
    after, effects = hospital.step(state, event)
    return after, tuple(e for e in effects if not isinstance(e, hospital.KeepRaw))


def _no_rows_one_by_one(state: Any, event: Any) -> Any:
    """What cannot be read is passed over: a newer box's frames are lost, not asked for again."""
    if isinstance(event, hospital.FrameArrived) and event.records is None:
        at = hospital.place(state, event.header.lane)
        if event.header.first_seq == at.cum + 1:
            passed = tuple(b"?" for _ in range(event.header.n))
            return hospital.step(state, replace(event, records=passed))
    return hospital.step(state, event)


def _all_are_capped(kind: str, limits: Mapping[str, int], used: Mapping[str, int]) -> bool:
    return used.get(kind, 0) < limits.get("clinical", 1 << 40)


_returns = clones.returns


def _forks_alone(sessions: Sequence[clones.OpenedSession]) -> str | None:
    return "forks" if clones.forks(sessions) >= clones.TIMES else None


def _whoever_spoke(sessions: Sequence[clones.OpenedSession]) -> int:
    return _returns([replace(s, lived=True) for s in sessions])


def _one_window_for_all(session: Any, lane: str) -> bool:
    under_way = sum(len(s.flights) for s in session.streams.values())
    return under_way < box.window(session.srtt_ms, session.full_ms)


def _bulk_first(session: Any, event: Any, outbox: Any) -> Any:
    after, effects = box.step(session, event, outbox)
    sends = [e for e in effects if isinstance(e, SendFrame)]
    rest = tuple(e for e in effects if not isinstance(e, SendFrame))
    return after, (*rest, *sorted(sends, key=lambda e: e.lane, reverse=True))


MUTANTS = {
    "no chain in receipts": Mutant("I1 I2 I3", _ends(box_step=_no_chain_in_receipts), 46, MEDIA),
    "cum beyond the last is ignored": Mutant("I1 I2 I3", _ends(box_step=_cum_beyond_the_last), 0),
    "no chain check at WELCOME": Mutant("I1 I2 I3", _ends(box_step=_no_chain_check_at_welcome), 0),
    "PUBACK is trusted": Mutant("I1", _ends(box_step=_puback_is_trusted), 0),
    "pruned at cum": Mutant("I2", put(pruning, "prunable", lambda safe, cum: cum), 0),
    "no epoch fence": Mutant("I3 I9", _ends(hospital_step=_no_epoch_fence), 0),
    "gaps are accepted": Mutant("I3", _ends(hospital_step=_gaps_are_accepted), 1),
    "replayed HELLOs are admitted": Mutant("I11", _ends(hospital_step=_nonces_are_forgotten), 1),
    "pruned without a look at the chain": Mutant(
        "I2", put(pruning, "check_chain", lambda *_: None), 5, {"rot": 6, "back_up": 20}
    ),
    "a receipt of any epoch counts": Mutant("I1 I2 I3 I12", _ends(box_step=_any_receipt_counts), 7),
    "a reading is torn from its place in the stream": Mutant("I1", _ends(transaction=torn), 0),
    "custody is owed beyond its epoch": Mutant(
        "I1 I2 I3", put(unsaved_receipts, "still_true", lambda *_: True), 49, FULL
    ),
    "a budget caps alerts": Mutant("I6", put(data_budget, "is_open", _all_are_capped), 1, BUDGET),
    "a budget never opens again": Mutant(
        "I12", put(data_budget, "day_of", lambda _ms: 0), 0, BUDGET
    ),
    "alerts share the window of bulk": Mutant("I6", put(box, "_room", _one_window_for_all), 2),
    "bulk goes before alerts": Mutant("I6", _ends(box_step=_bulk_first), 0),
    "clones are never noticed": Mutant("I12 I18", put(clones, "suspicion", lambda _s: None), 0),
    "forks count although the box names its machine": Mutant(
        "I17", put(clones, "_of_named", _forks_alone), 0, {"roll_back": 12, "image": 8}
    ),
    "a late HELLO passes for a clone": Mutant("I17", put(clones, "returns", _whoever_spoke), 21),
    "an unreadable row blocks its lane": Mutant("I12", _ends(hospital_step=_poison_blocks), 1),
    "an unreadable row is dropped": Mutant("I1 I3", _ends(hospital_step=_poison_is_dropped), 1),
    "what a newer box says is passed over": Mutant(
        "I12 I17 I1 I3", _ends(hospital_step=_no_rows_one_by_one), 1
    ),
    "what the disk has changed is sent as genuine": Mutant(
        "I23 I3 I17 I12", _ends(sees_damage=False), 0, {"rot": 6}
    ),
    "a revoked box is still heard": Mutant("I9", _ends(hospital_step=_revoked_counts), 0),
}
