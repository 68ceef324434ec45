"""Contec CMS50E/F and newer CMS50D+: the "7D" protocol, 60 packets a second while it is asked.

A packet is a type, a byte of high bits, then data bytes with bit 7 set. A live stream starts on
command, and ends when the host has not said "keep alive" for about 30 s. Stored samples of the last
finger are sent on command. That types 0A and 08 answer count and duration is unverified.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Saturation
from devices.simulators.faults import Fault
from devices.simulators.serial_line import spoil
from devices.simulators.wired.machine import STREAM_FAULTS, Times
from devices.simulators.wired.polled import PolledDevice

PACKETS_PER_S = 60
_PACKETS_PER_LUMP = 3
_LUMP_S = _PACKETS_PER_LUMP / PACKETS_PER_S
_MEMORY_LIMIT = 86_400
_SIZE = 9
_HOST, _LIVE, _STORED, _GONE = 0x7D, 0x01, 0x0F, 0x0D
_LIVE_START, _LIVE_STOP, _STORED_START, _STORED_STOP = 0xA1, 0xA2, 0xA6, 0xA7
_KEEP_ALIVE, _ERASE = 0xAF, 0xAE
_NO_PULSE, _NO_SPO2, _NO_INDEX = 0xFF, 0x7F, 0xFFFF
_PROBE_ERROR, _SEARCHING, _INDEX_VALID = 0x80, 0x80, 0x10
_SAMPLES_A_PACKET = 3
_TEXTS = {0xA8: (0x02, "CMS50E"), 0xA9: (0x03, "CONTEC"), 0xAA: (0x04, "00000001")}
_COUNT, _DURATION = (0xA3, 0x0A), (0xA4, 0x08)


def packet(kind: int, data: bytes) -> bytes:
    """Return a packet; bit i of its second byte is bit 7 of data byte i."""
    high = sum((byte >> 7) << at for at, byte in enumerate(data))
    return bytes([kind, 0x80 | high, *(byte | 0x80 for byte in data)])


def live_packet(
    seen: Saturation | None, wave: tuple[int, int, int], flags: int = 0, index: int = _NO_INDEX
) -> bytes:
    """Return a live sample: signal 0-15, plethysmogram 0-127, bar 0-15; `index` raw.

    Without a saturation, `flags` says whether the probe is off (80) or the pulse is searched (0).
    """
    signal, pleth, bar = wave
    if seen is None:
        data = bytes([flags, _SEARCHING, 0, _NO_PULSE, _NO_SPO2])
    else:
        numbers = int(seen.pulse), int(seen.spo2)
        data = bytes([flags | signal, pleth, _INDEX_VALID | bar, *numbers])
    return packet(_LIVE, data + index.to_bytes(2, "little"))


class Cms50E(PolledDevice):
    """The oximeter: a finger comes, stays `stream_s` and leaves; the host watches or not."""

    slug, model, protocol = "cms50e", "CMS50E", "cms50_v7"
    settings = LineSettings(115200)
    faults = STREAM_FAULTS | {Fault.LOW_BATTERY}

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.memory: deque[Saturation] = deque(maxlen=_MEMORY_LIMIT)
        self._seen: Saturation | None = None
        self._searching = False
        self._heard_s = 0.0
        self._watching: asyncio.Task[None] | None = None
        self._finger: asyncio.Task[None] | None = None
        self._phase = 0.0

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next command packet and return its data with the high bits restored."""
        while (at := received.find(_HOST)) >= 0:
            del received[:at]
            if len(received) < _SIZE:
                return None
            found = bytes(received[:_SIZE])
            if all(byte & 0x80 for byte in found[1:]):
                del received[:_SIZE]
                pairs = enumerate(found[2:])
                return bytes(byte & 0x7F | (found[1] >> i & 1) << 7 for i, byte in pairs)
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Start or stop a stream, or answer."""
        command = request[0]
        self._heard_s = asyncio.get_running_loop().time()
        self.erased |= command == _ERASE
        if command == _LIVE_START and self._watching is None:
            self._watching = self._tasks.spawn(self._watch())
        elif command == _LIVE_STOP and self._watching is not None:
            self._watching.cancel()
            self._watching = None
        elif command == _STORED_START:
            self._reply(b"".join(self._stored()))
        elif command in _TEXTS:
            kind, text = _TEXTS[command]
            self._reply(packet(kind, text.ljust(7, "\0").encode("ascii")))
        elif command == _COUNT[0]:
            self._reply(packet(_COUNT[1], bytes([bool(self.memory), 0])))
        elif command == _DURATION[0]:
            self._reply(packet(_DURATION[1], len(self.memory).to_bytes(4, "little")))

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault
        if self._finger is not None:
            self._finger.cancel()
        self._finger = self._tasks.spawn(self._hold(body, fault))

    async def _hold(self, body: Body, fault: Fault | None) -> None:
        """Search for the pulse, hold the finger in, take it out."""
        self._seen, self._searching = None, fault is not Fault.FINGER_OUT
        await asyncio.sleep(self.times.search_s)
        low = fault is Fault.LOW_BATTERY
        left_s = self.times.stream_s / 4 if low else self.times.stream_s
        while left_s > 0:
            if fault not in (Fault.FINGER_OUT, Fault.NAN):
                self._seen = body.measure_saturation()
                self.memory.append(self._seen)
            await asyncio.sleep(min(1.0, left_s))
            left_s -= 1.0
        self._seen, self._searching = None, False
        if low and self._watching is not None:
            self.line.send(packet(_GONE, b"\x00"))
            self._watching.cancel()
            self._watching = None

    async def _watch(self) -> None:
        """Stream until the host has been silent for too long."""
        now = asyncio.get_running_loop().time
        while now() - self._heard_s < self.times.silence_s:
            fault = self._fault if self._seen else None
            if fault:
                self._fault = None
            if fault is not Fault.MUTE:
                lump = b"".join(self._sample() for _ in range(_PACKETS_PER_LUMP))
                self.line.send(spoil(lump, fault, self._rng))
            if fault is Fault.DROP:
                await self.line.lose(self.times.out_s)
            await asyncio.sleep(_LUMP_S)
        self._watching = None

    def _sample(self) -> bytes:
        if self._seen is None:
            return live_packet(None, (0, 0, 0), 0 if self._searching else _PROBE_ERROR)
        self._phase = (self._phase + float(self._seen.pulse) / 60 / PACKETS_PER_S) % 1.0
        height = 0.5 - 0.5 * math.cos(2 * math.pi * self._phase)
        wave = (7, round(100 * height), round(15 * height))
        return live_packet(self._seen, wave, index=int(self._seen.perfusion * 100))

    def _stored(self) -> list[bytes]:
        """The samples of the memory, one a second, three a packet; missing ones have no value."""
        pairs = [bytes([int(seen.spo2), int(seen.pulse)]) for seen in self.memory]
        pairs += [bytes([_NO_SPO2, _NO_PULSE])] * (-len(pairs) % _SAMPLES_A_PACKET)
        rows = range(0, len(pairs), _SAMPLES_A_PACKET)
        return [packet(_STORED, b"".join(pairs[at : at + _SAMPLES_A_PACKET])) for at in rows]
