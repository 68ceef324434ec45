"""Numbers as people type them."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_ui import typed_numbers

ZEROS = [c for c in map(chr, range(0x110000)) if unicodedata.decimal(c, None) == 0]


@given(st.decimals(0, 999_999, places=2), st.sampled_from(ZEROS), st.sampled_from(".,٫"))
def test_any_digits_and_any_decimal_sign_are_read(value: Decimal, zero: str, sign: str) -> None:
    plain = f"{value:f}"
    local = "".join(chr(ord(zero) + int(c)) if c.isdigit() else sign for c in plain)
    assert typed_numbers.number(local) == value
    assert typed_numbers.digits(local).replace(sign, ".") == plain


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    value = typed_numbers.number(text)
    assert value is None or (value.is_finite() and value >= 0)


@pytest.mark.parametrize("text", ["", ".5", "5.", "1,234.5", "1e3", "-3", "+3", "½", "1 2"])
def test_what_is_not_one_number_is_refused(text: str) -> None:
    assert typed_numbers.number(text) is None
