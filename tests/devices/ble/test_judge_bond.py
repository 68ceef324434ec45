"""Bonds that one side has lost: said when it is clear, not after one bad connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ble.bonds import KNOWN_LIMIT, REFUSALS, SHORT_VISITS, BondWatch, ConnectionEnd
from devices.ble.link import is_about_bond

WELL = ConnectionEnd(paired=True, hung_up=True, heard=True, seconds=2)
REFUSED = ConnectionEnd(paired=True, about_bond=True)
SHORT = ConnectionEnd(paired=True, hung_up=True, seconds=0.5)
GONE = ConnectionEnd(paired=True, hung_up=True, seconds=20)


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("org.bluez.Error.AuthenticationFailed", "", True),
        ("org.bluez.Error.NotPermitted", "Not paired", True),
        ("org.bluez.Error.Failed", "Operation failed with ATT error: 0x0f (Insufficient)", True),
        ("org.bluez.Error.Failed", "Operation failed with ATT error: 0xfd", False),
        ("org.bluez.Error.Failed", "le-connection-abort-by-local", False),
        ("org.bluez.Error.NotPermitted", "Read not permitted", False),
    ],
)
def test_what_bluez_says_about_a_bond(name: str, text: str, about: bool) -> None:
    assert is_about_bond(name, text) is about


def test_refusals_in_a_row_are_a_stale_bond() -> None:
    watch = BondWatch()
    assert [watch.judge("a", REFUSED) for _ in range(REFUSALS)][-1] == "bond-stale"
    assert watch.judge("a", WELL) is None
    assert watch.judge("a", REFUSED) is None


def test_a_device_that_worked_and_now_hangs_up_at_once_has_forgotten_us() -> None:
    watch = BondWatch()
    watch.judge("a", WELL)
    assert [watch.judge("a", SHORT) for _ in range(SHORT_VISITS)][-1] == "bond-stale"
    watch.renewed("a")
    assert watch.judge("a", SHORT) is None


def test_without_a_bond_it_has_to_be_paired() -> None:
    assert BondWatch().judge("a", ConnectionEnd(paired=False, about_bond=True)) == "not-paired"


@given(st.lists(st.sampled_from([WELL, SHORT, GONE, REFUSED]), max_size=40))
def test_never_after_a_good_connection_and_never_for_a_single_failure(
    story: list[ConnectionEnd],
) -> None:
    watch, before = BondWatch(), WELL
    for ended in story:
        verdict = watch.judge("a", ended)
        if ended.heard or (before.heard and not ended.heard):
            assert verdict is None
        before = ended


def test_it_remembers_a_bounded_number_of_devices() -> None:
    watch = BondWatch()
    for number in range(KNOWN_LIMIT + 10):
        watch.judge(str(number), REFUSED)
    assert len(watch) == KNOWN_LIMIT
