"""A decoder's events with the bytes they came from, and the verdict on a line's settings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from devices.driver import Event, LineSettings, SerialProtocol

RAW_LIMIT = 2048
"""Bytes kept with an event: the frame and what noise came before it."""

HEADER = 6
"""A decoder that holds on to so many bytes has seen the start of a frame, not noise."""

LOCKED_AFTER = 100
"""Bytes in frames without an error before a stream is believed: small frames carry no check."""

NOISE = 20
"""Bytes without a frame that make a burst of noise, rather than a cable being plugged in."""

BURSTS = 2
BURSTS_BOUND = 3
"""Bursts in a row that raise doubt, before and after a first sound frame."""

TRIAL_MS = 3000
SILENCE_MS = 1000
STREAM_PAUSE_MS = 5000
"""Some monitors print a line every two seconds; what is silent for longer starts anew."""


class Frames:
    """Feeds a decoder byte by byte, so that each event is paired with its own bytes."""

    def __init__(self, protocol: SerialProtocol) -> None:
        self._protocol = protocol
        self._decoder = protocol.decoder()
        self._raw = bytearray()

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return self._decoder.pending

    def feed(self, data: bytes) -> list[tuple[Event, bytes]]:
        """Take bytes; return the completed events, each with the bytes that made it."""
        found: list[tuple[Event, bytes]] = []
        for byte in data:
            self._raw.append(byte)
            events = self._decoder.feed(bytes((byte,)))
            if events:
                raw = self._cut()
                found.extend((event, raw) for event in events)
        del self._raw[:-RAW_LIMIT]
        return found

    def abandon(self) -> bytes:
        """Give up an unfinished frame and return its bytes."""
        pending = self._decoder.pending
        raw = self.forget()
        return raw[len(raw) - pending :]

    def forget(self) -> bytes:
        """Start anew and return all bytes that made no event."""
        raw = bytes(self._raw)
        self._decoder = self._protocol.decoder()
        self._raw.clear()
        return raw

    def _cut(self) -> bytes:
        end = max(0, len(self._raw) - self._decoder.pending)
        raw = bytes(self._raw[:end][-RAW_LIMIT:])
        del self._raw[:end]
        return raw


class LineTrial:
    """Decides, from what came, whether a line is set right; walks the protocol's settings.

    A checked protocol is bound by its first sound frame and doubted after some bursts of noise
    without one: a single burst may be a frame with a broken head. A stream is bound by a run of
    frames without an error and doubted when no such run stands for some seconds of bytes.
    """

    def __init__(self, protocol: SerialProtocol) -> None:
        self._protocol = protocol
        self._index = 0
        self._other = 0
        self._good: int | None = None
        self._tried = 0
        self.bound = False
        self._sound_ms: int | None = None
        self._heard_ms = 0
        self._restart()

    @property
    def settings(self) -> LineSettings:
        """The settings on trial."""
        return self._protocol.lines[self._index]

    @property
    def exhausted(self) -> bool:
        """Whether all settings have been tried since the last sound frame."""
        return self._tried >= len(self._protocol.lines)

    def believes(self, event: Event, size: int) -> bool:
        """Take one event of `size` bytes; return whether it is what the device meant."""
        self._noise = 0
        if event.name == "error":
            self._run = self._size = 0
            return False
        self._run += min(size, self._size)  # what came before a first frame may be noise
        self._size = size
        if self._protocol.streaming and self._run < LOCKED_AFTER:
            return False
        self.bound = True
        self._good = self._index
        self._tried = self._bursts = 0
        self._sound_ms = None
        return True

    def heard(self, now_ms: int, data: bytes, events: Sequence[object], pending: int) -> None:
        """Take note of bytes that came, after their events went to `believes`."""
        if not data:
            return
        if self._sound_ms is None or now_ms - self._heard_ms > STREAM_PAUSE_MS:
            self._sound_ms = now_ms
        self._heard_ms = now_ms
        if not events:
            self._noise = 0 if pending >= HEADER else self._noise + len(data)

    def burst_ended(self, now_ms: int) -> bool:
        """Whether a burst of bytes without a frame is just over; ask often."""
        if self._protocol.streaming or self._noise < NOISE:
            return False
        if now_ms - self._heard_ms < SILENCE_MS:
            return False
        self._noise = 0
        self._bursts += 1
        return True

    def wrong(self) -> bool:
        """Whether the settings do not fit."""
        if self._protocol.streaming:
            return self._sound_ms is not None and self._heard_ms - self._sound_ms >= TRIAL_MS
        return self._bursts >= (BURSTS_BOUND if self.bound else BURSTS)

    def next(self) -> LineSettings:
        """Move on and return the settings to try: those that were good once come in between."""
        count = len(self._protocol.lines)
        if self._good is None or self._index == self._good:
            self._other = (self._other + 1) % count
            self._index = self._other
        else:
            self._index = self._good
        self._tried += 1
        self.bound = False
        self._restart()
        return self.settings

    def _restart(self) -> None:
        self._run = self._size = self._noise = self._bursts = self._heard_ms = 0
        self._sound_ms = None
