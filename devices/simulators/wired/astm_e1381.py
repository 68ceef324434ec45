"""Analysers that speak ASTM E1381 / E1394: haemoglobin, as a HemoCue with a cable, and creatinine.

ENQ until ACK; frames `STX number text ETX|ETB sum CR LF`, each repeated until it is acknowledged,
at most six times; EOT. Numbers run 1 to 7, then 0. Long records are cut into frames that end in
ETB.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.wired.analyser import ATTEMPTS, Analyser, Result

_STX, _ETX, _EOT, _ENQ, _ACK, _ETB = 0x02, 0x03, 0x04, 0x05, 0x06, 0x17
_NAK = 0x15
_LONGEST_TEXT = 240


def frame(number: int, text: str, last: bool = True, encoding: str = "ascii") -> bytes:
    """Return a frame with its sum over number, text and end mark."""
    body = f"{number % 8}{text}".encode(encoding) + bytes([_ETX if last else _ETB])
    return bytes([_STX]) + body + f"{sum(body) & 0xFF:02X}\r\n".encode("ascii")


def records(result: Result, test: str = "^^^HB", unit: str = "g/dL") -> list[str]:
    """Return the records of a result: header, patient, order, result, end.

    A control has processing id and action code Q, and the specimen CTRL.
    """
    value = "----" if result.value is None else str(result.value)
    status = "X" if result.value is None else "F"
    time = f"{result.when:%Y%m%d%H%M%S}"
    return [
        f"H|\\^&|||HB201|||||||{'Q' if result.control else 'P'}|1|{time}",
        "P|1",
        f"O|1|{result.sample}||{test}{'|R||||||Q||||CTRL' if result.control else ''}",
        f"R|1|{test}|{value}|{unit}||||{status}||||{time}",
        "L|1|N",
    ]


def frames(texts: list[str], longest: int = _LONGEST_TEXT, encoding: str = "ascii") -> list[bytes]:
    """Return the frames of a message; a record that is too long goes on in the next one."""
    pieces: list[tuple[str, bool]] = []
    for text in texts:
        whole = text + "\r"
        parts = [whole[at : at + longest] for at in range(0, len(whole), longest)]
        pieces += [(part, part is parts[-1]) for part in parts]
    return [frame(at + 1, text, last, encoding) for at, (text, last) in enumerate(pieces)]


class AstmAnalyser(Analyser):
    """The haemoglobin analyser."""

    slug, model, protocol = "hb-analyser", "ASTM analyser", "astm_e1381"
    settings = LineSettings(9600)
    longest_text = _LONGEST_TEXT
    test: ClassVar[tuple[str, str]] = ("^^^HB", "g/dL")

    async def deliver(self, result: Result) -> bool:
        """Send a result as one message; False when nobody answers."""
        if not await self._until_acknowledged(bytes([_ENQ]), attempts=1):
            return False
        texts = records(result, *self.test)
        for each in frames(texts, self.longest_text, self.encoding):
            if not await self._until_acknowledged(each, ATTEMPTS):
                self.line.send(bytes([_EOT]))
                return False
        self.line.send(bytes([_EOT]))
        return True

    async def _until_acknowledged(self, data: bytes, attempts: int) -> bool:
        wanted = bytes([_ACK, _NAK])
        for _ in range(attempts):
            await self._send_frame(data)
            if _ACK in await self._answer(wanted, self.times.answer_s):
                return True
        return False


class ChemistryAnalyser(AstmAnalyser):
    """A chemistry analyser: creatinine in umol/L, the micro sign as one byte of Latin-1."""

    slug = "chemistry-analyser"
    encoding = "latin-1"
    test = ("^^^CREA", "\u00b5mol/L")

    def find(self, body: Body) -> Decimal | str:
        """Return the creatinine of a drop of blood."""
        return Decimal(max(30, round(self._rng.gauss(80, 12))))
