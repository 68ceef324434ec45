"""Stock: how much there is follows from what happened; dates on packets are read as printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model.clock import Clock
from edge.model.errors import InvalidForm, SettingsError
from edge.stock import expiry, items, stock
from edge.stock.items import Item
from edge.stock.level import Movement, What, batches, on_hand
from edge.store.store import Store

STRIPS = items.packaged()["glucose-strip"]
NUMBERS = st.integers(0, 500).map(Decimal)
EXPIRIES = st.none() | st.dates(date(2025, 1, 1), date(2029, 12, 31)).map(date.isoformat)
MOVED = st.lists(
    st.builds(Movement, st.just("x"), st.sampled_from(What), NUMBERS, st.none(), EXPIRIES),
    max_size=20,
)


def moved(store: Store, clock: Clock, what: str, number: str, **more: str) -> int:
    return stock.move(store, clock.now(), STRIPS, {"what": what, "number": number, **more}, "w1")


def there(store: Store, clock: Clock, word: str) -> Decimal:
    return stock.shelf_of(store, stock.unlisted(word), clock.now()).number


def test_what_there_is_follows_from_what_happened(store: Store, clock: Clock) -> None:
    for what, number in (("received", "100"), ("used", "30"), ("lost", "5")):
        moved(store, clock, what, number)
    assert there(store, clock, "glucose-strip") == 65
    moved(store, clock, "counted", "60")
    moved(store, clock, "used", "15")
    [shelf] = [s for s in stock.shelves(store, items.packaged(), clock.now()) if s.is_known]
    assert (shelf.number, shelf.is_low, shelf.is_out) == (45, True, False)


@given(MOVED, NUMBERS)
def test_a_count_says_what_is_there_whatever_came_before(
    before: list[Movement], number: Decimal
) -> None:
    counted = Movement("x", What.COUNTED, number)
    assert on_hand([*before, counted]) == number
    received = Movement("x", What.RECEIVED, Decimal(7))
    assert on_hand([*before, counted, received]) == number + 7


@given(MOVED)
def test_batches_hold_no_more_than_there_is_and_the_first_to_expire_stands_first(
    before: list[Movement],
) -> None:
    found = batches(before)
    assert sum((one.number for one in found), Decimal(0)) <= max(on_hand(before), Decimal(0))
    assert [one.expiry for one in found] == sorted(one.expiry for one in found)


def test_the_oldest_batch_is_taken_to_be_used_first() -> None:
    came = [
        Movement("x", What.RECEIVED, Decimal(10), "new", "2028-01"),
        Movement("x", What.RECEIVED, Decimal(10), "old", "2027-01"),
        Movement("x", What.USED, Decimal(6)),
    ]
    assert [(one.batch, one.number) for one in batches(came)] == [("old", 4), ("new", 10)]


def test_a_vaccine_that_was_given_is_used_and_not_entered_twice(store: Store, clock: Clock) -> None:
    with store.transaction():
        entry = moved(store, clock, "counted", "10")
        store.execute("UPDATE stock_entry SET item = 'bcg' WHERE entry = ?", (entry,))
        given_at = moved(store, clock, "used", "1")
        store.execute("DELETE FROM stock_entry WHERE entry = ?", (given_at,))
        store.execute(
            "INSERT INTO immunization (entry, id, patient_id, vaccine, dose, day)"
            " VALUES (?, 'i', 'p', 'bcg', 1, '2026-11-30')",
            (given_at,),
        )
    assert there(store, clock, "bcg") == 9
    assert [one.own for one in stock.movements(store, "bcg")] == [False, True]


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("number", "", "format"),
        ("number", "-3", "format"),
        ("number", "0", "format"),
        ("number", "2.5", "format"),
        ("number", "9999999", "format"),
        ("what", "eaten", "unknown"),
        ("batch", "x" * 41, "too-long"),
        ("expiry", "13/2027", "impossible"),
        ("expiry", "soon", "format"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(
    store: Store, clock: Clock, field: str, text: str, kind: str
) -> None:
    typed = {"what": "received", "number": "5", field: text}
    with pytest.raises(InvalidForm) as wrong:
        stock.move(store, clock.now(), STRIPS, typed, "w1")
    assert wrong.value.fields == {field: kind}
    assert stock.movements(store, "glucose-strip") == []


def test_a_count_may_be_nothing(store: Store, clock: Clock) -> None:
    moved(store, clock, "counted", "0")
    [shelf] = [s for s in stock.shelves(store, items.packaged(), clock.now()) if s.is_known]
    assert shelf.is_out


@pytest.mark.parametrize(
    ("printed", "kept", "last"),
    [
        ("03/2027", "2027-03", "2027-03-31"),
        ("03-27", "2027-03", "2027-03-31"),
        ("2028-02", "2028-02", "2028-02-29"),
        ("14.03.2027", "2027-03-14", "2027-03-14"),
        ("2027-03-14", "2027-03-14", "2027-03-14"),
        ("۰۳/۲۰۲۷", "2027-03", "2027-03-31"),
    ],
)
def test_an_expiry_is_read_as_it_is_printed(printed: str, kept: str, last: str) -> None:
    assert expiry.read(printed) == kept
    assert expiry.last_day(kept).isoformat() == last


def test_a_site_adds_its_own_items(tmp_path: Path) -> None:
    (tmp_path / items.FILE).write_text(
        '[[stock.item]]\nitem = "soap"\nname = "صابن"\nlow = 3\n'
        '[[stock.item]]\nitem = "glucose-strip"\nname = "Strips"\nunit = "strip"\nlow = 9\n',
        encoding="utf-8",
    )
    known = items.of_site(tmp_path)
    assert known["soap"] == Item("soap", "صابن", "piece", 3, own=True)
    assert known["glucose-strip"].low == 9
    assert "malaria-test" in known


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[stock.item]]\nname = 'x'", "stock.item 1.item is missing"),
        ("[[stock.item]]\nitem = 'x'\nname = 'x'\nlow = -1", "stock.item 1.low must be"),
        ("[[stock.item]]\nitem = 'x'\nname = 'x'\nunit = 'barrel'", "stock.item 1.unit is"),
        ("[[stock.item]]\nitem='x'\nname='x'\n[[stock.item]]\nitem='x'\nname='y'", "twice"),
        ("[[stock.item", "not written as TOML"),
    ],
)
def test_a_wrong_list_is_refused_in_words(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / items.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=says):
        items.of_site(tmp_path)
