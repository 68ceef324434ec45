"""What hangs on a cable: first by listening, then, where a technician allows it, by asking. Pure.

Listening goes through every line setting that any protocol has. A protocol is recognised by three
sound frames where frames carry a checksum, by one line where its grammar leaves no doubt, and by a
long run of frames where a stream carries no checksum. Asking uses only questions that read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devices.catalogue import SERIAL_PROTOCOLS
from devices.catalogue.tables import line_text
from devices.driver import Decoder, Event, LineSettings
from devices.protocols import (
    cms50_v7,
    medlab_nibp2020,
    onetouch_ultra2,
    suntech_nibp,
    taidoc_51,
)

LISTEN_S = 3.0
"""How long each line setting is listened at."""

ANSWER_S = 1.0

LEAST_FRAMES = 3
"""Sound frames with a checksum; noise passes one of 8 bits every few hundred bytes."""

WHOLE_LINE = frozenset(
    {"ad_tm2655", "omron_hbp", "masimo_ascii1", "nellcor_n595", "tanita_csv", "terumo_bp500"}
    | {"gtech_gl310", "healthometer", "hl7_mllp", "nonin_df13"}
)
"""One of their results is long and strict enough to leave no doubt."""

RESULTS = frozenset({"reading", "message", "error"})
"""An error that such a protocol tells by a whole result counts too."""

UNCHECKED_RUNS = {"cms50_5byte": 60, "cms50_v7": 60, "nonin_df8": 12, "ad_scale": 2}
"""Frames in a row without an error, for streams without a checksum."""

SILENT_KINDS = frozenset({"ad_ua767pc", "astm_e1381"})
"""Ten characters, or a single byte, are no evidence: these are bound by a technician alone."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A protocol and, in words, why we think so."""

    protocol: str
    evidence: str


class Listener:
    """Feeds what comes at one line setting to every protocol that has it."""

    def __init__(self, line: LineSettings) -> None:
        self._line = line
        self._trials = [
            _Trial(name, protocol.decoder())
            for name, protocol in SERIAL_PROTOCOLS.items()
            if line in protocol.lines and name not in SILENT_KINDS
        ]

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        for trial in self._trials:
            trial.feed(data)

    def verdict(self) -> Recognised | None:
        """Return the protocol that explains most frames; None while none does without doubt."""
        sure = [trial for trial in self._trials if trial.is_sure()]
        if not sure:
            return None
        best = max(sure, key=lambda trial: (trial.run, trial.sound))
        what = "complete results" if best.protocol in WHOLE_LINE else "sound frames"
        return Recognised(best.protocol, f"{best.sound} {what} at {line_text(self._line)}")


class _Trial:
    def __init__(self, protocol: str, decoder: Decoder) -> None:
        self.protocol = protocol
        self._decoder = decoder
        self.sound = self.errors = self.run = self._longest = 0

    def feed(self, data: bytes) -> None:
        for event in self._decoder.feed(data):
            if event.name == "error" and event.fields["kind"] != "device_error":
                self.errors += 1
                self.run = 0
            elif self._tells(event):
                self.sound += 1
                self.run += 1
                self._longest = max(self._longest, self.run)

    def _tells(self, event: Event) -> bool:
        """A line that is only text proves nothing."""
        return self.protocol not in WHOLE_LINE or event.name in RESULTS

    def is_sure(self) -> bool:
        if self.protocol in UNCHECKED_RUNS:
            return self._longest >= UNCHECKED_RUNS[self.protocol]
        least = 1 if self.protocol in WHOLE_LINE else LEAST_FRAMES
        return self.sound >= least and self.errors <= self.sound


def listening_order() -> tuple[LineSettings, ...]:
    """Return every line setting once, those of most protocols first."""
    count: dict[LineSettings, int] = {}
    for protocol in SERIAL_PROTOCOLS.values():
        for line in protocol.lines:
            count[line] = count.get(line, 0) + 1
    return tuple(sorted(count, key=lambda line: -count[line]))


@dataclass(frozen=True, slots=True)
class Question:
    """A question that only reads, and the answer that nobody else would give."""

    protocol: str
    line: LineSettings
    write: bytes
    wanted: Callable[[Event], bool]
    words: str
    tries: int = 1

    def answered(self, events: Iterable[Event]) -> Recognised | None:
        """Return what the events prove."""
        if any(self.wanted(event) for event in events):
            return Recognised(self.protocol, f"it answered {self.words}")
        return None


QUESTIONS: tuple[Question, ...] = (
    Question(
        "suntech_nibp",
        LineSettings(9600),
        suntech_nibp.ask_cuff(),
        lambda event: event.name == "cuff",
        "the question for its cuff pressure",
    ),
    Question(
        "taidoc_51",
        LineSettings(19200),
        taidoc_51.command(taidoc_51.MODEL),
        lambda event: (
            event.name == "packet"
            and not event.fields["to_device"]
            and event.fields["cmd"] == taidoc_51.MODEL
        ),
        "the question for its model",
        tries=2,
    ),
    Question(
        "medlab_nibp2020",
        LineSettings(4800),
        medlab_nibp2020.command(medlab_nibp2020.STATUS),
        lambda event: event.name in ("status", "reading") or _is_device_error(event),
        "the question for its status",
    ),
    Question(
        "cms50_v7",
        LineSettings(115200),
        cms50_v7.command(cms50_v7.LIVE_STOP) + cms50_v7.command(cms50_v7.MODEL),
        lambda event: event.name == "model",
        "the question for its model",
    ),
    Question(
        "onetouch_ultra2",
        LineSettings(9600),
        onetouch_ultra2.command("DM?"),
        lambda event: event.name == "text" and str(event.fields["text"]).startswith("?"),
        "the question for its version",
        tries=2,
    ),
)
"""In the order in which they are put: none starts, sets or erases anything on any known device."""


def _is_device_error(event: Event) -> bool:
    return event.name == "error" and event.fields["kind"] == "device_error"
