"""Session with a OneTouch UltraEasy: a link that numbers its packets, then the memory.

Every packet of the meter is acknowledged; both ends toggle a bit with each. Older meters do not
answer for their number or their clock: the link starts anew and goes on without. The index of a
record changes with every measurement, so records are known by their time and value, and equal ones
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from devices.driver import Event, Turn
from devices.protocols import onetouch_ultraeasy as protocol
from devices.sessions.copies import Copies
from devices.sessions.script import Ask, NoAnswerError, Rest, Script, ScriptedSession

STILL_THERE_MS = 30_000
ANSWER_MS = 1000

_Answer = Generator[Ask | Rest | Turn, Event | None, Event]


def session() -> ScriptedSession:
    """Return a session."""
    return ScriptedSession(lambda: _Link().play(), goodbye=protocol.reset_link())


class _Link:
    def __init__(self) -> None:
        self._sequence = self._expect = 0
        self._last: Event | None = None

    def play(self) -> Script:
        yield from self._reset()
        count = yield from self._ask(_record(protocol.COUNT_INDEX), lambda e: e.name == "count")
        yield Turn(state="connected")
        yield from self._introduce()
        records, copies = int(str(count.fields["n"])), Copies()
        yield Turn(held=records)
        for index in range(records):
            event = yield from self._ask(_record(index), lambda e: e.name == "reading")
            found = protocol.measured(event)
            yield Turn(measured=(copies.numbered(found),) if found else ())
        while True:
            yield Rest(STILL_THERE_MS)
            yield from self._ask(protocol.VERSION, lambda e: protocol.text_answer(e) is not None)

    def _introduce(self) -> Script:
        """Ask for what only some meters answer."""
        try:
            event = yield from self._ask(
                protocol.SERIAL, lambda e: bool(protocol.text_answer(e)), 1
            )
            yield Turn(serial=protocol.text_answer(event) or "")
            event = yield from self._ask(
                protocol.CLOCK, lambda e: bool(protocol.clock_answer(e)), 1
            )
            yield Turn(clock=protocol.clock_answer(event))
        except NoAnswerError:
            yield from self._reset()

    def _ask(self, message: bytes, wanted: Callable[[Event], bool], tries: int = 3) -> _Answer:
        """Ask until a new answer comes; the same one again is a repetition."""
        packet = protocol.packet(message, self._sequence | self._expect << 1)
        event = yield Ask(packet, lambda e: wanted(e) and e != self._last, ANSWER_MS, tries)
        assert event is not None
        self._last = event
        self._sequence ^= 1
        self._expect ^= 1
        yield Turn(write=protocol.acknowledge(self._sequence, self._expect))
        return event

    def _reset(self) -> Script:
        yield Ask(protocol.reset_link(), _is_reset, ANSWER_MS, tries=2)
        self._sequence = self._expect = 0
        self._last = None


def _record(index: int) -> bytes:
    return protocol.record_message(index)


def _is_reset(event: Event) -> bool:
    return event.name == "packet" and event.fields["disconnect"] is True
