"""The seeded world passes, and every known mistake in the protocol makes it fail."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sync.core import box, hospital
from sync.core.messages import Hello, Position, Receipt, Welcome
from sync.core.session import Arrived, PersistCustody, SendFrame
from sync.simulation import Ends, Violation, run
from sync.simulation.__main__ import main

QUICK = 300
FULL = 2000


@pytest.mark.parametrize("first", range(0, QUICK, 50))
def test_everything_accepted_arrives_once_whatever_happens(first: int) -> None:
    outcomes = [run(seed) for seed in range(first, first + 50)]
    assert sum(o.records for o in outcomes) > 10_000
    assert sum(o.forks for o in outcomes) > 0


@pytest.mark.system
@pytest.mark.parametrize("first", range(QUICK, FULL, 100))
def test_the_other_seeds_of_a_change(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)


def test_a_seed_is_the_same_world_every_time() -> None:
    assert run(7) == run(7)


def test_the_command_names_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--from", "5"]) == 0
    assert capsys.readouterr().out.startswith("2 seeds in ")


# --- mutants: each is a mistake that a protocol like this has been seen to contain --------------


def _believe(place: Position, lane: str, outbox: box.Outbox) -> Position:
    """Forge a position so that the comparison of chains always agrees."""
    held = outbox.held(lane)
    cum = min(max(place.cum, held.base), held.last)
    safe = min(max(place.safe, held.base), cum)
    chains = [outbox.chain_at(lane, seq) or bytes(16) for seq in (cum, safe)]
    return Position(cum, chains[0], safe, chains[1])


def _no_chain_in_receipts(session, event, outbox):
    if isinstance(event, Arrived) and isinstance(event.message, Receipt):
        receipt = event.message
        forged = replace(receipt, at=_believe(receipt.at, receipt.lane, outbox))
        event = replace(event, message=forged)
    return box.step(session, event, outbox)


def _cum_beyond_the_last_is_ignored(session, event, outbox):
    if isinstance(event, Arrived) and isinstance(event.message, Receipt):
        receipt = event.message
        if receipt.at.cum > outbox.held(receipt.lane).last:
            return session, ()
    if isinstance(event, Arrived) and isinstance(event.message, Welcome):
        lanes = {
            lane: _believe(at, lane, outbox) if at.cum > outbox.held(lane).last else at
            for lane, at in event.message.lanes.items()
        }
        event = replace(event, message=replace(event.message, lanes=lanes))
    return box.step(session, event, outbox)


def _no_chain_check_at_welcome(session, event, outbox):
    if isinstance(event, Arrived) and isinstance(event.message, Welcome):
        places = event.message.lanes
        lanes = {
            lane: _believe(places.get(lane, Position()), lane, outbox) for lane in outbox.lanes()
        }
        event = replace(event, message=replace(event.message, lanes=lanes))
    return box.step(session, event, outbox)


def _puback_is_trusted(session, event, outbox):
    after, effects = box.step(session, event, outbox)
    trusted = [
        PersistCustody(e.lane, e.first_seq + e.n - 1, after.streams[e.lane].safe)
        for e in effects
        if isinstance(e, SendFrame)
    ]
    streams = {k: replace(s, cum=s.sent, flights=()) for k, s in after.streams.items()}
    return replace(after, streams=streams), (*effects, *trusted)


def _no_epoch_fence(state, event):
    if isinstance(event, hospital.FrameArrived):
        header = replace(event.header, epoch=state.epoch, nonce=state.nonce)
        return hospital.step(state, replace(event, header=header))
    if isinstance(event, hospital.HelloArrived):
        hello: Hello = event.hello
        if not hello.fork and 0 < hello.epoch < state.epoch:
            state = replace(state, epoch=hello.epoch)
    return hospital.step(state, event)


def _gaps_are_accepted(state, event):
    if isinstance(event, hospital.FrameArrived):
        at = hospital.place(state, event.header.lane)
        if event.header.first_seq > at.cum + 1:
            jump = replace(at, cum=event.header.first_seq - 1, chain=event.header.prev_chain)
            state = replace(state, streams={**state.streams, event.header.lane: jump})
    return hospital.step(state, event)


def _nonces_are_forgotten(state, event):
    if isinstance(event, hospital.HelloArrived):
        event = replace(event, seen=False)
    return hospital.step(state, event)


MUTANTS = {
    "no chain in receipts": Ends(box_step=_no_chain_in_receipts),
    "cum beyond the last is ignored": Ends(box_step=_cum_beyond_the_last_is_ignored),
    "no chain check at WELCOME": Ends(box_step=_no_chain_check_at_welcome),
    "PUBACK is trusted": Ends(box_step=_puback_is_trusted),
    "pruned at cum": Ends(prunable=lambda held: held.cum),
    "no epoch fence": Ends(hospital_step=_no_epoch_fence),
    "gaps are accepted": Ends(hospital_step=_gaps_are_accepted),
    "replayed HELLOs are admitted": Ends(hospital_step=_nonces_are_forgotten),
}


MEDIA = {"restore_under": 20, "image": 20, "toggle_link": 2}
"""A session must outlive its journal for a receipt to be about another one."""
OFTEN = {"no chain in receipts": MEDIA}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant: str) -> None:
    often = OFTEN.get(mutant)
    assert _first_caught(lambda seed: run(seed, MUTANTS[mutant], often)) is not None


def test_media_that_change_under_the_courier_lose_nothing_that_can_be_saved() -> None:
    assert _first_caught(lambda seed: run(seed, often=MEDIA), 60) is None


def _first_caught(trial: Callable[[int], object], seeds: int = 600) -> int | None:
    for seed in range(seeds):
        try:
            trial(seed)
        except Violation:
            return seed
    return None
