"""Drafts: only their author's, bounded in number, size and time, across a restart too."""

from __future__ import annotations

import pytest
from hand_clock import HandClock

from edge.staff import drafts, staff
from edge.staff.drafts import LARGEST, LIVES_S, MOST, Draft
from edge.store.store import Store

PEPPER = bytes(range(32))
TYPED = Draft("register", "/patients/new", {"name": "زبیدہ", "age": "", "village": "Chak 1"})


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sana(store: Store, hand: HandClock) -> str:
    return staff.add(store, hand.now(), "Sana", "worker", "271845", PEPPER).id


@pytest.fixture
def bilal(store: Store, hand: HandClock) -> str:
    return staff.add(store, hand.now(), "Bilal", "worker", "482915", PEPPER).id


def test_a_draft_is_its_authors_alone(store: Store, hand: HandClock, sana: str, bilal: str) -> None:
    assert drafts.keep(store, hand.now(), sana, TYPED)
    assert drafts.get(store, hand.now(), sana, "register") == TYPED
    assert drafts.newest(store, hand.now(), sana) == TYPED
    assert drafts.get(store, hand.now(), bilal, "register") is None
    assert drafts.newest(store, hand.now(), bilal) is None
    drafts.forget(store, bilal, "register")
    assert drafts.newest(store, hand.now(), sana) == TYPED
    drafts.forget(store, sana, "register")
    assert drafts.newest(store, hand.now(), sana) is None


def test_a_later_draft_takes_the_place_and_an_empty_one_clears_it(
    store: Store, hand: HandClock, sana: str
) -> None:
    drafts.keep(store, hand.now(), sana, TYPED)
    later = Draft("register", "/patients/new", {"name": "Zubaida"})
    drafts.keep(store, hand.advance(1), sana, later)
    assert drafts.get(store, hand.now(), sana, "register") == later
    assert not drafts.keep(store, hand.now(), sana, Draft("register", "/", {"name": " "}))
    assert drafts.get(store, hand.now(), sana, "register") is None


def test_a_draft_has_its_time(store: Store, hand: HandClock, sana: str) -> None:
    drafts.keep(store, hand.now(), sana, TYPED)
    hand.advance(LIVES_S)
    assert drafts.get(store, hand.now(), sana, "register") == TYPED
    assert drafts.forget_old(store, hand.now()) == 0
    hand.advance(1)
    assert drafts.get(store, hand.now(), sana, "register") is None
    assert drafts.newest(store, hand.now(), sana) is None
    assert drafts.forget_old(store, hand.now()) == 1
    assert store.scalar("SELECT count(*) FROM draft") == 0


def test_a_draft_outlives_a_restart(store: Store, hand: HandClock, sana: str) -> None:
    drafts.keep(store, hand.now(), sana, TYPED)
    hand.restart()
    assert drafts.newest(store, hand.now(), sana) == TYPED
    hand.advance(LIVES_S + 1)
    assert drafts.newest(store, hand.now(), sana) is None


def test_number_and_size_are_bounded(store: Store, hand: HandClock, sana: str) -> None:
    for n in range(MOST + 3):
        drafts.keep(store, hand.advance(1), sana, Draft(f"correct/{n}", "/", {"name": "x"}))
    assert store.scalar("SELECT count(*) FROM draft") == MOST
    assert drafts.get(store, hand.now(), sana, "correct/2") is None
    assert drafts.newest(store, hand.now(), sana) == Draft(
        f"correct/{MOST + 2}", "/", {"name": "x"}
    )
    assert not drafts.keep(store, hand.now(), sana, Draft("register", "/", {"name": "x" * LARGEST}))
    assert drafts.get(store, hand.now(), sana, "register") is None


def test_whose_session_it_was_is_known_only_with_both_words(
    store: Store, hand: HandClock, sana: str
) -> None:
    signed = staff.sign_in(store, hand, PEPPER, sana, "271845")
    assert isinstance(signed, staff.SignedIn)
    hand.advance(staff.IDLE_S * 2)
    assert staff.session(store, hand, signed.token) is None
    assert staff.whose(store, signed.token, signed.csrf) == sana
    assert staff.whose(store, signed.token, "گمان") is None
    assert staff.whose(store, "guess", signed.csrf) is None
    staff.dismiss(store, hand.now(), sana, None)
    assert staff.whose(store, signed.token, signed.csrf) is None
