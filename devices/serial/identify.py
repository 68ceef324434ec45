"""Identifies the protocol at a serial port by listening, and if allowed by asking. Pure.

Listening goes through every line setting that any protocol has. A protocol is recognised by three
sound frames where frames carry a checksum, by one line where its grammar leaves no doubt, and by a
long run of frames where a stream carries no checksum. Asking uses only questions that read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.catalogue.protocol_row import ProtocolRow
from devices.catalogue.serial_protocols import SERIAL_ROWS
from devices.catalogue.tables import line_text
from devices.driver import Event, LineSettings, Question

LISTEN_S = 3.0
"""How long each line setting is listened at."""

ANSWER_S = 1.0

RESULTS = frozenset({"reading", "message", "error"})
"""An error that such a protocol tells by a whole result counts too."""


@dataclass(frozen=True, slots=True)
class RecognisedProtocol:
    """A protocol and, in words, why we think so."""

    protocol: str
    evidence: str


class Listener:
    """Feeds what comes at one line setting to every protocol that has it."""

    def __init__(self, line: LineSettings) -> None:
        self._line = line
        self._trials = [
            _Trial(row)
            for row in SERIAL_ROWS
            if line in row.protocol.lines and row.listening.frames
        ]

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        for trial in self._trials:
            trial.feed(data)

    def verdict(self) -> RecognisedProtocol | None:
        """Return the protocol that explains most frames; None while none does without doubt."""
        sure = [trial for trial in self._trials if trial.is_sure()]
        if not sure:
            return None
        best = max(sure, key=lambda trial: (trial.run, trial.sound))
        what = "complete results" if best.rule.results_only else "sound frames"
        return RecognisedProtocol(best.protocol, f"{best.sound} {what} at {line_text(self._line)}")


class _Trial:
    def __init__(self, row: ProtocolRow) -> None:
        self.protocol = row.name
        self.rule = row.listening
        self._decoder = row.protocol.decoder()
        self.sound = self.errors = self.run = self._longest = 0

    def feed(self, data: bytes) -> None:
        for event in self._decoder.feed(data):
            if event.name == "error" and event.fields["kind"] != "device_error":
                self.errors += 1
                self.run = 0
            elif self._counts(event):
                self.sound += 1
                self.run += 1
                self._longest = max(self._longest, self.run)

    def _counts(self, event: Event) -> bool:
        """A line that is only text proves nothing."""
        return not self.rule.results_only or event.name in RESULTS

    def is_sure(self) -> bool:
        if self.rule.in_a_row:
            return self._longest >= self.rule.frames
        return self.sound >= self.rule.frames and self.errors <= self.sound


def listening_order() -> tuple[LineSettings, ...]:
    """Return every line setting once, those of most protocols first."""
    count: dict[LineSettings, int] = {}
    for row in SERIAL_ROWS:
        for line in row.protocol.lines:
            count[line] = count.get(line, 0) + 1
    return tuple(sorted(count, key=lambda line: -count[line]))


QUESTIONS: dict[str, Question] = {
    name: question
    for question, name in sorted(
        ((row.question, row.name) for row in SERIAL_ROWS if row.question is not None),
        key=lambda pair: pair[0].order,
    )
}
"""By protocol, in the order in which they are put: none starts, sets or erases anything on any
known device."""


def answered(protocol: str, events: Iterable[Event]) -> RecognisedProtocol | None:
    """Return what the events after a protocol's question prove."""
    question = QUESTIONS[protocol]
    if any(question.wanted(event) for event in events):
        return RecognisedProtocol(protocol, f"it answered {question.words}")
    return None
