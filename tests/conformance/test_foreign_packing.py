"""What is packed as docs/packing.md says, the product unpacks byte for byte."""

from __future__ import annotations

from typing import Any

import foreign_packing
from foreign_bytes import canonical
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import packing

TEXTS = st.sampled_from(
    ("", "amina", "é漢\u0001", "urgent", "8480-6", "018f2f6e-0000-7000-8000-0000000000aa")
    + ("018F2F6E-0000-7000-8000-0000000000AA", "0", "-1", "1.50", "-0", "-0.0", "00", "1.", "1e5")
    + ("123456789012345", "1234567890123456", "0.1234567", "-12.345678", "+1", "٣")
    + ("2026-11-30T07:00:00", "2026-02-30T07:00:00", "2026-11-30T24:00:00", "0001-01-01T00:00:00")
)
SCALARS = st.none() | st.booleans() | st.integers(1 - 2**62, 2**62 - 1) | TEXTS
KEYS = st.sampled_from(("patient", "values", "at", "kind", "zz", "é"))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner), max_leaves=8
).filter(lambda value: _depth(value) <= 3)
MS = st.integers(0, 2**50)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    at = [draw(st.integers(0, 9)), draw(MS), draw(MS), draw(st.sampled_from(("ntp", "odd")))]
    kind = draw(st.sampled_from(("reading", "note")))
    return canonical({"at": at, "body": draw(st.dictionaries(KEYS, VALUES)), "kind": kind})


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, (dict, list)) else 0


@settings(max_examples=40)
@given(st.lists(records(), min_size=1, max_size=6), st.booleans())
def test_every_batch_comes_back(batch: list[bytes], twice: bool) -> None:
    batch = batch * 2 if twice else batch
    _, payload = foreign_packing.pack(batch)
    assert packing.unpack(payload) == batch
