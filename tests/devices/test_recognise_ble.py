"""Which row of the catalogue a Bluetooth device is: by its name, its service, what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import BLE_CHARACTERISTICS
from devices.catalogue.ble_models import BLE_MODELS, identified, recognised

NAMED = [row for row in BLE_MODELS if row.name_prefixes]
PROFILES = [row for row in BLE_MODELS if not row.name_prefixes]


@pytest.mark.parametrize(
    ("name", "services", "row"),
    [
        ("A&D_UA-651BLE_1A2B3C", ["1810"], "UA-651BLE"),
        ("BLEsmart_0000021F0022", ["1810"], "BLEsmart"),
        ("Polar H10 1234", ["180D"], "H10"),
        ("MI_SCALE", ["181D"], "Mi Smart Scale"),
        ("MIBFS", ["181B"], "Mi Body Composition Scale 2"),
        ("a watch", ["180D"], "Heart Rate profile"),
        ("", ["1808"], "Glucose profile"),
        ("unheard of", ["FEE0"], None),
        ("", [], None),
    ],
)
def test_an_advertisement_is_a_row(name: str, services: list[str], row: str | None) -> None:
    found = recognised(name, services)
    assert (found.name if found else None) == row


@given(st.text(), st.lists(st.sampled_from(["1810", "1822", "1808", "180D", "181D", "FEE0"])))
def test_whatever_is_heard_is_one_row_or_none(name: str, services: list[str]) -> None:
    found = recognised(name, services)
    assert (found is not None) == any(s != "FEE0" for s in services)
    assert found is None or set(found.services) & set(services)


def test_every_row_is_found_by_its_prefix_and_service_and_every_profile_by_its_service() -> None:
    for row in NAMED:
        for prefix in row.name_prefixes:
            for service in row.services:
                assert recognised(prefix + "_1", [service]) == row
            assert recognised(prefix + "_1", ()) is None
            assert recognised(prefix + "_1", ["FEE0"]) is None
    for row in PROFILES:
        assert recognised("", row.services) == row


KG_181D, KG_181B = bytes.fromhex("22983ae607020e10293a"), bytes(13)


@pytest.mark.parametrize(
    ("name", "services", "data", "companies", "row"),
    [
        ("", ["181D"], [("181D", KG_181D)], [], "Mi Smart Scale"),
        ("", ["181D"], [], [0x0157], "Mi Smart Scale"),
        ("MI SCALE2", ["181D"], [("181D", KG_181D)], [0x0157], "Mi Smart Scale 2"),
        ("MI SCALE2", ["181D"], [], [], "Mi Smart Scale 2"),
        ("A&D_UC-352BLE", ["181D"], [("181D", KG_181D)], [], "Mi Smart Scale"),
        ("", ["181B"], [("181B", KG_181B)], [], "Mi Body Composition Scale"),
        ("MIBFS", [], [("181B", KG_181B)], [], "Mi Body Composition Scale 2"),
        ("", ["181D"], [("181D", KG_181D[:9])], [], "Weight Scale profile"),
        ("BF720", ["181D"], [], [], "BF720"),
        ("BF788", ["181D", "181B", "181C"], [], [], "Body Composition profile"),
        ("Contour7830", ["1810"], [], [], "Blood Pressure profile"),
        ("Nonin3230_5", ["46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"], [], [], "3230"),
        ("BLEsmart_1", ["FE4A"], [], [], "BLEsmart"),
        ("", ["180D"], [], [0x0157], "Heart Rate profile"),
    ],
)
def test_what_is_on_the_air_decides_and_a_name_only_refines(
    name: str,
    services: list[str],
    data: list[tuple[str, bytes]],
    companies: list[int],
    row: str,
) -> None:
    found = recognised(name, services, data, companies)
    assert found is not None
    assert found.name == row


def test_what_a_device_says_of_itself_corrects_a_guess() -> None:
    profile = recognised("", ["1810"])
    assert profile is not None
    assert identified(profile, "A&D Medical", "UA-651BLE").name == "UA-651BLE"
    assert identified(profile, "Nobody", "UA-651BLE") == profile
    assert identified(profile, "", "") == profile
    for row in NAMED:
        for number in row.numbers:
            assert identified(row, "anybody", number) == row


def test_rows_name_what_is_understood_and_no_two_rows_share_a_name() -> None:
    labels = [row.label for row in BLE_MODELS]
    assert len(labels) == len(set(labels))
    for row in BLE_MODELS:
        assert set(row.characteristics) <= BLE_CHARACTERISTICS.keys()
        assert row.clock in (None, "2A08", "2A2B")
        assert not (row.quirks.passkey and row.quirks.pairs == "never"), row.label
