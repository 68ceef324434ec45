"""Analysers that speak HL7 v2 in MLLP: `0B message 1C 0D`, answered by MSA|AA.

A haemoglobin analyser, and a reader of rapid tests that answers in words.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.wired.analyser import ATTEMPTS, Analyser, Result

_START, _END = b"\x0b", b"\x1c\r"
_POSITIVE_OF = 12
"""One in so many is positive."""


HAEMOGLOBIN = ("NM|HB^Haemoglobin", "g/dL")


def message(result: Result, test: tuple[str, str] = HAEMOGLOBIN, encoding: str = "ascii") -> bytes:
    """Return an ORU^R01 message with one observation; a failed one has the status X.

    A control has processing id Q and an order of quality control, as Mindray writes it.
    """
    value = "" if result.value is None else str(result.value)
    status = "X" if result.value is None else "F"
    time = f"{result.when:%Y%m%d%H%M%S}"
    processing, order = ("Q", "00003^LJ QCR^99MRC") if result.control else ("P", "1^Panel")
    segments = (
        f"MSH|^~\\&|HB|LAB|||{time}||ORU^R01|{result.message}|{processing}|2.3.1||||||UNICODE",
        "PID|1",
        f"OBR|1||{result.sample}|{order}|||{time}",
        f"OBX|1|{test[0]}||{value}|{test[1]}|||||{status}|||{time}",
    )
    return _START + "".join(f"{segment}\r" for segment in segments).encode(encoding) + _END


class Hl7Analyser(Analyser):
    """The haemoglobin analyser."""

    slug, model, protocol = "hl7-analyser", "HL7 analyser", "hl7_mllp"
    settings = LineSettings(9600)
    test: ClassVar[tuple[str, str]] = HAEMOGLOBIN

    async def deliver(self, result: Result) -> bool:
        """Send a result until an acknowledgement names it; False when none came."""
        wire = message(result, self.test, self.encoding)
        for _ in range(ATTEMPTS):
            await self._send_frame(wire)
            answer = await self._answer(_END[:1], self.times.answer_s)
            if f"MSA|AA|{result.message}\r".encode("ascii") in answer:
                return True
        return False


class RapidTestReader(Hl7Analyser):
    """A reader of rapid tests for HIV antibodies: its results are words."""

    slug = "rapid-test-reader"
    test = ("ST|HIV^HIV antibodies", "")

    def find(self, body: Body) -> Decimal | str:
        """Return the word of a rapid test."""
        return "POSITIVE" if self._rng.randrange(_POSITIVE_OF) == 0 else "NEGATIVE"
