"""The trace: bounded, readable after a restart, without content."""

from __future__ import annotations

from pathlib import Path

from sync.core.header import Header, hello_header
from sync.core.messages import Position, Receipt
from sync.courier import trace
from sync.courier.trace import Trace

NONCE = b"nonce-01"


def test_frames_are_noted_without_their_content(tmp_path: Path) -> None:
    ring = Trace(tmp_path)
    ring.sent(1_000, hello_header("box-test", NONCE, 1), 300)
    ring.sent(2_000, Header("box-test", 1, "c", 41, 20, bytes(16), NONCE), 950)
    ring.received(3_000, "r", Receipt(NONCE, 1, "c", Position(60, bytes(16), 5, bytes(16))), 76)
    ring.event(4_000, "lost", "the connection was closed")
    ring.close()
    words = [line.words() for line in trace.read(tmp_path)]
    assert words == [
        "up   h hello, 300 B",
        "up   c records 41…60, 950 B",
        "down r receipt, 76 B lane c to 60, safe 5",
        "link - lost the connection was closed",
    ]


def test_the_ring_is_bounded_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        ring = Trace(tmp_path)
        for number in range(trace.SLOTS // 2 + 10):
            ring.event(number, "dial")
        ring.close()
    lines = trace.read(tmp_path)
    assert len(lines) == trace.SLOTS
    assert [line.number for line in lines] == list(range(1031, 3031))
    assert (tmp_path / trace.FILE).stat().st_size == trace.SLOTS * trace.LINE_BYTES


def test_torn_lines_are_left_out(tmp_path: Path) -> None:
    ring = Trace(tmp_path)
    ring.event(1, "dial")
    ring.event(2, "dial")
    ring.close()
    file = tmp_path / trace.FILE
    file.write_bytes(b"\x00{" + file.read_bytes()[2:])
    assert [line.at_ms for line in trace.read(tmp_path)] == [2]
    assert trace.read(tmp_path / "none") == []
