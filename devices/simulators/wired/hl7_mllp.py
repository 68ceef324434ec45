"""A haemoglobin analyser that speaks HL7 v2 in MLLP: `0B message 1C 0D`, answered by MSA|AA."""

from __future__ import annotations

from devices.driver import LineSettings
from devices.simulators.wired.analyser import ATTEMPTS, Analyser, Result

_START, _END = b"\x0b", b"\x1c\r"


def message(result: Result) -> bytes:
    """Return an ORU^R01 message with one observation; a failed one has the status X."""
    value = "" if result.value is None else str(result.value)
    status = "X" if result.value is None else "F"
    time = f"{result.when:%Y%m%d%H%M%S}"
    segments = (
        f"MSH|^~\\&|HB|LAB|||{time}||ORU^R01|{result.number}|{result.processing}|2.3",
        "PID|1",
        f"OBR|1||{result.specimen}|HB^Haemoglobin|||{time}",
        f"OBX|1|NM|HB^Haemoglobin||{value}|g/dL|||||{status}|||{time}",
    )
    return _START + "".join(f"{segment}\r" for segment in segments).encode("ascii") + _END


class Hl7Analyser(Analyser):
    """The analyser."""

    slug, model, protocol = "hl7-analyser", "HL7 analyser", "hl7_mllp"
    settings = LineSettings(9600)

    async def deliver(self, result: Result) -> bool:
        """Send a result until an acknowledgement names it; False when none came."""
        for _ in range(ATTEMPTS):
            await self._send_frame(message(result))
            answer = await self._answer(_END[:1], self.times.answer_s)
            if f"MSA|AA|{result.number}\r".encode("ascii") in answer:
                return True
        return False
