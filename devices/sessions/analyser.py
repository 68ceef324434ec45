"""Session with a laboratory analyser: every frame is answered, results wait for a person.

An analyser measures a sample, and which patient's it was it does not know: its results go to the
tray, known by the sample's number. A result counts only through the site's map of test codes. HL7
over a cable has no checksum, so a person compares the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.driver import UNMAPPED, Event, Turn
from devices.protocols import astm_e1381, hl7_mllp
from devices.protocols.laboratory import FINAL, Test
from devices.protocols.observations import UNCHECKED
from edge.model.reading import Measurement

Tests = Mapping[str, Test]

_ORDER_SAMPLE = 2


def astm(tests: Tests) -> AnalyserSession:
    """Return a session of ASTM E1381."""
    return AnalyserSession(_Astm(tests).take)


def hl7(tests: Tests) -> AnalyserSession:
    """Return a session of HL7 over MLLP."""
    return AnalyserSession(lambda event: _take_hl7(event, tests))


class AnalyserSession:
    """A `Session` that only answers; `take` turns an event into a reply and readings."""

    def __init__(self, take: Callable[[Event], Turn]) -> None:
        self._take = take

    @property
    def next_timeout(self) -> None:
        """Never: the analyser has the word."""
        return

    def start(self, now_ms: int) -> Turn:
        """Wait."""
        return Turn(state="listening")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Answer a frame when its last event has come."""
        turn = self._take(event)
        if event.name == "error":
            return turn
        return replace(turn, state="connected", write=b"" if event.more else turn.write)

    def on_timeout(self, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def stop(self) -> bytes:
        """Say nothing: what was not acknowledged will be sent again."""
        return b""


class _Astm:
    """Keeps the sample number of the order until the next one."""

    def __init__(self, tests: Tests) -> None:
        self._tests = tests
        self._sample = ""

    def take(self, event: Event) -> Turn:
        reply = astm_e1381.REPLIES.get(str(event.fields.get("reply")), b"")
        text = str(event.fields.get("text", ""))
        if event.name in ("enq", "eot") or text.startswith(("H|", "P|")):
            self._sample = ""
        if text.startswith("O|"):
            self._sample = (text.split("|") + [""] * _ORDER_SAMPLE)[_ORDER_SAMPLE]
        found = astm_e1381.measured_with(event, self._tests)
        if found is not None:
            return Turn(write=reply, measured=(_waiting(found, self._sample),))
        result = astm_e1381.result(text) if event.name == "record" else None
        return Turn(write=reply, failed=_why_not(result.status) if result else "")


def _take_hl7(event: Event, tests: Tests) -> Turn:
    if event.name != "message":
        return Turn()
    name = str(event.fields["id"])
    found = hl7_mllp.measured_with(event, tests)
    doubted = (replace(measured, quality=(*measured.quality, UNCHECKED)) for measured in found)
    readings = tuple(_waiting(measured, name) for measured in doubted)
    sent = event.fields["results"]  # those that are final
    unmapped = isinstance(sent, tuple) and len(sent) > len(found)
    failed = UNMAPPED if unmapped else ""
    return Turn(write=hl7_mllp.acknowledge(name), measured=readings, failed=failed)


def _why_not(status: str) -> str:
    return UNMAPPED if status == FINAL else "no-values"


def _waiting(found: Measurement, sample: str) -> Measurement:
    """A repeated transfer is known by sample and time; without either nothing is a repetition."""
    return replace(found, stored=True, record=sample or None)
