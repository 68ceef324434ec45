"""Session with a TaiDoc meter: reads its model, its clock and its memory.

The model decides what a record means, so nothing is read before the model is known. The memory is
read newest first and never erased; when it was read whole before, only as far as its count tells
that it is new: an equal record is no sign, for clocks stand and people have equal values. An
oximeter is then asked for its live numbers.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from devices.driver import Event, Turn
from devices.protocols import taidoc_51 as protocol
from devices.sessions.copies import Copies
from devices.sessions.script import Ask, NoAnswerError, Rest, Script, ScriptedSession
from edge.model.reading import Kind, Measurement

MEMORY_LIMIT = 2000
LOOK_AGAIN_MS = 30_000
LIVE_EVERY_MS = 500
LIVE_LOST = 6
"""Unanswered questions in a row after which an oximeter counts as gone."""

_Answer = Generator[Ask | Rest | Turn, Event | None, bytes]


def session() -> ScriptedSession:
    """Return a session; each remembers by itself how far a memory was read."""
    return ScriptedSession(_Meter().play)


@dataclass(frozen=True, slots=True)
class _ReadMemory:
    """What was read: of which meter, how many records, and the bytes of the newest."""

    serial: str = ""
    count: int = 0
    newest: bytes = b""


class _Meter:
    def __init__(self) -> None:
        self._known = _ReadMemory()
        self._copies = Copies()

    def play(self) -> Script:
        yield from _ask(protocol.CONNECT, tries=2, answers=(protocol.CONNECT, protocol.MODEL))
        number = protocol.model((yield from _ask(protocol.MODEL)))
        serial = yield from _serial(number)
        yield Turn(state="connected", serial=serial)
        clock = protocol.record_time((yield from _ask(protocol.CLOCK)))
        yield Turn(clock=clock)
        kind = protocol.kind_of(number)
        if kind is None:
            yield Rest(LOOK_AGAIN_MS)
            return
        yield from self._read_memory(serial, kind)
        if kind is Kind.OXIMETRY:
            yield from _watch()
        while True:
            yield Rest(LOOK_AGAIN_MS, _entered)
            yield from _ask(protocol.MODEL)
            yield from self._read_memory(serial, kind)

    def _read_memory(self, serial: str, kind: Kind) -> Script:
        """Another meter on the same cable, or one without a number, is read whole."""
        payload = yield from _ask(protocol.COUNT)
        count = min(int.from_bytes(payload[:2], "little"), MEMORY_LIMIT)
        yield Turn(held=count)
        new = yield from self._new(serial, count)
        if new == count:
            self._copies = Copies()
        known, self._known = self._known, _ReadMemory()
        newest = known.newest
        for index in range(new):
            time, value = yield from _memory(index)
            newest = time + value if index == 0 else newest
            found = _record(kind, time, value)
            if found is not None and protocol.is_control(kind, value):
                yield Turn(controls=(self._copies.numbered(found),))
            elif found is not None:
                yield Turn(measured=(self._copies.numbered(found),))
        self._known = _ReadMemory(serial, count, newest)

    def _new(self, serial: str, count: int) -> Generator[Ask | Rest | Turn, Event | None, int]:
        """Return how many records are new: what stands behind them must be the newest known."""
        known = self._known
        if not serial or serial != known.serial or not known.count <= count < MEMORY_LIMIT:
            return count
        if known.count == 0:
            return count
        time, value = yield from _memory(count - known.count)
        return count - known.count if time + value == known.newest else count


def _record(kind: Kind, time: bytes, value: bytes) -> Measurement | None:
    """A record without a possible time is known by its bytes."""
    found = protocol.record(kind, protocol.record_time(time), value)
    if found is not None and found.device_time is None:
        return replace(found, record=(time + value).hex())
    return found


def _memory(index: int) -> Generator[Ask | Rest | Turn, Event | None, tuple[bytes, bytes]]:
    time = yield from _ask(protocol.RECORD_TIME, index)
    value = yield from _ask(protocol.RECORD_VALUE, index)
    return time, value


def _watch() -> Script:
    lost = 0
    while lost < LIVE_LOST:
        try:
            payload = yield from _ask(protocol.SPO2_LIVE, tries=1)
        except NoAnswerError:
            lost += 1
            continue
        lost = 0
        live = {"to_device": False, "cmd": protocol.SPO2_LIVE, "payload": payload.hex()}
        yield Turn(samples=(protocol.measured(Event("packet", live)),))
        yield Rest(LIVE_EVERY_MS)


def _serial(number: int) -> Generator[Ask | Rest | Turn, Event | None, str]:
    low = yield from _ask(protocol.SERIAL_LOW)
    high = yield from _ask(protocol.SERIAL_HIGH)
    digits = (high[::-1] + low[::-1]).hex()
    return f"{number}-{digits}" if set(digits) - {"0"} and set(digits) - {"f"} else ""


def _ask(code: int, record: int = 0, tries: int = 3, answers: tuple[int, ...] = ()) -> _Answer:
    """Ask; a meter that reports that it has just woken up must be asked again."""
    wanted = frozenset(answers or (code,))
    ask = Ask(
        protocol.command(code, record),
        lambda event: _code(event) in wanted,
        tries=tries,
        again=_entered,
    )
    event = yield ask
    assert event is not None
    return bytes.fromhex(str(event.fields["payload"]))


def _entered(event: Event) -> bool:
    return _code(event) == protocol.ENTERED


def _code(event: Event) -> object:
    """An echo of our own command is no answer."""
    if event.name != "packet" or event.fields["to_device"]:
        return None
    return event.fields["cmd"]
