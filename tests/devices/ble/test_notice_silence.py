"""A device that connects and tells nothing is noticed; one value is enough to be believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.ble.silence import KNOWN_LIMIT, SILENT_CONNECTIONS, SilentConnections


@given(st.lists(st.booleans(), max_size=20))
def test_only_silent_connections_in_a_row_count(story: list[bool]) -> None:
    silence = SilentConnections()
    row = 0
    for told in story:
        row = 0 if told else row + 1
        assert silence.ended("a", told) == (row >= SILENT_CONNECTIONS)


def test_devices_are_counted_apart_and_bounded() -> None:
    silence = SilentConnections()
    for number in range(KNOWN_LIMIT + 5):
        assert not silence.ended(str(number), told=False)
    assert len(silence) == KNOWN_LIMIT
