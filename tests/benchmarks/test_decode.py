"""The decoding benchmark judges fairly; it times nothing here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import decode

sys.path.insert(0, str(Path(decode.__file__).parent))  # the worker is run by path, so are these

from decode_cases import ANALYSER, CASES, STREAM  # noqa: E402
from decode_worker import Worker, _compare  # noqa: E402


@pytest.mark.parametrize("name", [decode.OURS, decode.YARDSTICK])
def test_what_needs_no_peer_is_right_on_every_vector_it_claims(name: str) -> None:
    library = decode.Library(name, sys.executable)
    try:
        judged = decode._judge(library)
        able, claims = library.able, library.claims
    finally:
        library.close()
    assert judged.keys() == set(claims)
    assert all(counts.keys() == {"right"} for counts in judged.values()), judged
    assert set(able) == set(CASES) & set(claims)


def test_every_case_is_one_of_ours() -> None:
    assert {STREAM, ANALYSER} < set(Worker(decode.OURS).library.claims)


@pytest.mark.parametrize(
    ("wanted", "told", "verdict"),
    [
        (120, 120.0, "right"),
        (36.4, 36.400000000000006, "right"),
        (120, 1.2e-06, "wrong"),
        (120, None, "missing"),
        ("NaN", float("nan"), "right"),
        ("NaN", None, "right"),
        ("NaN", 2047.0, "wrong"),
        (None, 327.675, "wrong"),
    ],
)
def test_a_number_is_that_number_and_a_special_is_none(
    wanted: object, told: object, verdict: str
) -> None:
    assert _compare(wanted, told) == verdict
