"""What a receipt or a feed sets off costs the same behind ninety days as behind one.

It happens inside a transaction, and nobody can record a reading meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hand_clock import HandClock
from readings import cuff
from statement_cost import steps

from edge.model.entry import Lane
from edge.patients import edits as patients_edits
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.store import outbox, pruning
from edge.store.store import Store
from edge.visits import visits

LATER = 10**15
SAFE = 60
FEW, MANY = 150, 750


def _backlog(folder: Path, count: int) -> Store:
    """A box that has seen so many people, once each, and of whom the first are safe."""
    folder.mkdir()
    store, hand = Store.create(folder / "box.db", "box-test"), HandClock()
    with store.transaction():
        for number in range(count):
            someone = register.register(store, hand.advance(60), PatientForm(f"P {number}"), None)
            visits.open_visit(store, hand.now(), someone.id, actor=None)
            intake.accept(store, cuff(hand.now(), record=str(number)))
    outbox.mark_custody(store, Lane.CLINICAL, SAFE, SAFE, hand.now())
    return store


def _settle(store: Store) -> set[str]:
    with store.transaction():
        return patients_edits.settle(store, 1, {Lane.CLINICAL.value: SAFE})


WORKS: dict[str, Callable[[Store], object]] = {
    "pruning": lambda store: pruning.prune(store, Lane.CLINICAL, LATER),
    "pruning the history": lambda store: pruning.prune(store, Lane.CLINICAL, LATER, history=True),
    "settling edits": _settle,
    "custody": lambda store: outbox.mark_custody(
        store, Lane.CLINICAL, SAFE + 1, SAFE, HandClock().now()
    ),
}


@pytest.mark.parametrize("name", WORKS)
def test_work_under_the_write_lock_does_not_grow_with_the_backlog(
    tmp_path: Path, name: str
) -> None:
    costs = []
    for count in (FEW, MANY):
        store = _backlog(tmp_path / str(count), count)
        costs.append(steps(store, lambda store=store: WORKS[name](store)))  # type: ignore[misc]
        store.close()
    few, many = costs
    assert 0 < many <= 2 * few, costs


def test_edits_are_settled_by_the_order_of_their_lane(tmp_path: Path) -> None:
    store = _backlog(tmp_path / "box", 30)
    seqs = {
        row["entry"]: row["seq"]
        for row in store.rows("SELECT entry, seq FROM outbox WHERE lane = 'c'")
    }
    edits = store.rows("SELECT entry, patient_id FROM patient_edit")
    wanted = {row["patient_id"] for row in edits if seqs[row["entry"]] <= SAFE}
    assert 0 < len(wanted) < len(edits)
    assert _settle(store) == wanted
    assert _settle(store) == set()
    with store.transaction():
        assert patients_edits.settle(store, 2, {"c": 10_000}) == set()  # of another epoch
    pruning.prune(store, Lane.CLINICAL, LATER)
    with store.transaction():
        assert (
            patients_edits.settle(store, 1, {"c": 10_000})
            == {row["patient_id"] for row in edits} - wanted
        )
    store.close()


def test_an_edit_that_was_let_go_of_is_settled_whatever_the_feed_says(tmp_path: Path) -> None:
    store = _backlog(tmp_path / "box", 30)
    last = outbox.state(store, Lane.CLINICAL).last
    everybody = {row["patient_id"] for row in store.rows("SELECT patient_id FROM patient_edit")}
    outbox.mark_custody(store, Lane.CLINICAL, last, last, HandClock().now())
    with store.transaction():
        visits.close_visit(store, HandClock().now(), why="done")
    while pruning.prune(store, Lane.CLINICAL, LATER).records:
        continue
    with store.transaction():
        assert patients_edits.settle(store, 7, {}) == everybody
    store.close()
