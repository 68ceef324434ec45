"""The parse benchmark reads what boxes write; it times nothing here."""

from __future__ import annotations

from benchmarks import parse as benchmark
from hospital.receiving import handlers


def test_every_record_that_is_timed_is_understood() -> None:
    for name, records in benchmark.record_sets().items():
        read = [handlers.understand(record.encode()) for record in records]
        assert all(r.fact is not None for r in read), name


def test_both_sides_are_asked_in_turn() -> None:
    some = {"few": benchmark.record_sets()["alerts"][:20]}
    found = benchmark.compare(benchmark.ROOT, handlers.__name__, some, 2)
    assert found.keys() == {"few"}
    assert found["few"]["times_faster"] > 0
