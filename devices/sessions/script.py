"""Sessions written as scripts: questions in order, each with its time limit and retries.

    begin --script--> asking --wanted event--> script goes on
                      asking --no answer--> asked again --too often--> away --AWAY_MS--> begin
                      resting --time or event--> script goes on

A script is a generator: it yields an `Ask` and gets the answer, a `Rest` and gets the event that
ended it or None, or a `Turn` with what it found.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from devices.driver import Event, Turn

AWAY_MS = 3000
"""How long a device that does not answer is left alone: meters sleep, or hang on no cable."""

STEPS_LIMIT = 2000
"""Findings that a script may make without waiting for the device: the largest memories hold 500."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: sent up to `tries` times, each time waited for; `again` events ask it at once."""

    write: bytes
    wanted: Callable[[Event], bool]
    wait_ms: int = 700
    tries: int = 3
    again: Callable[[Event], bool] = lambda event: False


@dataclass(frozen=True, slots=True)
class Rest:
    """A pause of `wait_ms` (None: for ever), ended early by an event that is waited for."""

    wait_ms: int | None
    until: Callable[[Event], bool] = lambda event: False


Script = Generator[Ask | Rest | Turn, Event | None, None]


class NoAnswerError(Exception):
    """The device did not answer, or not what was asked."""


class ScriptedSession:
    """A `Session` that plays a script over and over; what no step waits for is ignored."""

    def __init__(self, script: Callable[[], Script], goodbye: bytes = b"") -> None:
        self._script = script
        self._goodbye = goodbye
        self._playing: Script = script()
        self._step: Ask | Rest = Rest(None)
        self._left = 0
        self._next_ms: int | None = None

    @property
    def next_timeout(self) -> int | None:
        """When the question is asked again, or the pause is over."""
        return self._next_ms

    def start(self, now_ms: int) -> Turn:
        """Play the script from its beginning."""
        self._playing.close()
        self._playing = self._script()
        return self._go_on(now_ms, None)

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Go on when the event is what the script waits for."""
        step = self._step
        if isinstance(step, Rest):
            return self._go_on(now_ms, event) if step.until(event) else Turn()
        if step.wanted(event):
            return self._go_on(now_ms, event)
        return self._ask_again(now_ms) if step.again(event) else Turn()

    def on_timeout(self, now_ms: int) -> Turn:
        """Ask again, give up, or end the pause."""
        if self._next_ms is None or now_ms < self._next_ms:
            return Turn()
        return (
            self._go_on(now_ms, None) if isinstance(self._step, Rest) else self._ask_again(now_ms)
        )

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing: there is nothing that a meter could start."""
        return Turn()

    def stop(self) -> bytes:
        """Return the goodbye of the protocol, if it has one."""
        return self._goodbye

    def _ask_again(self, now_ms: int) -> Turn:
        step = self._step
        assert isinstance(step, Ask)
        if self._left <= 0:
            return self._play(now_ms, lambda: self._playing.throw(NoAnswerError()))
        self._left -= 1
        self._next_ms = now_ms + step.wait_ms
        return Turn(write=step.write)

    def _go_on(self, now_ms: int, event: Event | None) -> Turn:
        return self._play(now_ms, lambda: self._playing.send(event))

    def _play(self, now_ms: int, resume: Callable[[], Ask | Rest | Turn]) -> Turn:
        turn = Turn()
        for _ in range(STEPS_LIMIT):
            try:
                step = resume()
            except (NoAnswerError, StopIteration):
                return self._leave_alone(now_ms, turn)
            if not isinstance(step, Turn):
                return self._wait(now_ms, step, turn)
            turn = joined(turn, step)
            resume = self._playing.__next__
        return self._leave_alone(now_ms, turn)

    def _wait(self, now_ms: int, step: Ask | Rest, turn: Turn) -> Turn:
        self._step = step
        self._next_ms = None if step.wait_ms is None else now_ms + step.wait_ms
        if isinstance(step, Rest):
            return turn
        self._left = step.tries - 1
        return joined(turn, Turn(write=step.write))

    def _leave_alone(self, now_ms: int, turn: Turn) -> Turn:
        self._playing.close()
        self._playing = self._script()
        self._step = Rest(AWAY_MS)
        self._next_ms = now_ms + AWAY_MS
        return joined(turn, Turn(state="listening"))


def joined(first: Turn, second: Turn) -> Turn:
    """Return two turns joined; where both have a value the second one's stands."""
    return replace(
        first,
        write=first.write + second.write,
        measured=first.measured + second.measured,
        controls=first.controls + second.controls,
        samples=first.samples + second.samples,
        failed=second.failed or first.failed,
        clock=second.clock or first.clock,
        serial=second.serial or first.serial,
        state=second.state or first.state,
        age_s=first.age_s if second.age_s is None else second.age_s,
        held=first.held if second.held is None else second.held,
    )
