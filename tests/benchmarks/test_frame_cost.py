"""The costly frames of the benchmark are what they are called; it times nothing here."""

from __future__ import annotations

import pytest

from benchmarks import frame_cost as benchmark
from sync import packing


def test_every_set_fits_a_frame() -> None:
    for name, records in benchmark.record_sets().items():
        assert packing.unpack(packing.pack(records)) == records, name


def test_every_costly_payload_is_read_to_its_end_and_refused() -> None:
    for payload in benchmark.payloads().values():
        with pytest.raises(packing.CodecError, match="no such payload|seven parts"):
            packing.unpack(payload)
