"""Tanita scales: one line of key,value pairs, with the sum of its bytes on all but the BD-815.

The WB-3000 emits a stray byte 0.1 s after its data. How a scale says that it failed is not known:
somebody who steps off too early gets no line.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Composition
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import LINE_FAULTS, Pusher

_HEAD = "{0,16,~0,1,~1,1,~2,1"
_NOISE_AFTER_S = 0.1
_TENTH = Decimal("0.1")


def line(model: str, pairs: tuple[tuple[str, object], ...]) -> bytes:
    """Return a line; `CS` is the sum from the brace to the comma before it."""
    items = [_HEAD, f'MO,"{model}"', *(f"{key},{value}" for key, value in pairs)]
    body = (",".join(items) + ",").encode("ascii")
    return body + f"CS,{sum(body) & 0xFF:02X}".encode("ascii") + b"\r\n"


class _Scale(Pusher):
    protocol = "tanita_csv"
    settings = LineSettings(9600)
    faults = LINE_FAULTS

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        return line(self.model, self._pairs(body)) if body else b""

    def _pairs(self, body: Body) -> tuple[tuple[str, object], ...]:
        raise NotImplementedError


class Sc240(_Scale):
    """A body composition scale; the height was typed in."""

    slug, model = "sc-240", "SC-240"

    def _pairs(self, body: Body) -> tuple[tuple[str, object], ...]:
        return _composition(body.measure_composition(), round(body.traits.height))


class Wb3000(_Scale):
    """A column scale; noise follows its data."""

    slug, model = "wb-3000", "WB-3000"

    def _pairs(self, body: Body) -> tuple[tuple[str, object], ...]:
        return (("Hm", body.measure_height()), ("Wk", _tenth(body.measure_weight())))

    async def _deliver(self, frame: bytes, fault: Fault | None) -> None:
        await super()._deliver(frame, fault)
        await asyncio.sleep(len(frame) / self.line.characters_per_s + _NOISE_AFTER_S)
        self.line.send(b"\x00")


class Bd815u(_Scale):
    """A baby scale without a check on its line."""

    slug, model = "bd-815u", "BD-815U"

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the weight in grams, without a sum, as the manual's sample has it."""
        if body is None:
            return b""
        grams = int(_tenth(body.measure_weight()) * 1000)
        return f'{{0,16,~0,1,MO,"BD-815",Wg,{grams}\r\n'.encode("ascii")

    def recall(self, grams: int) -> None:
        """Let somebody press the key that sends the weight remembered from before."""
        self.line.send(f"Rg,{grams}\r\n".encode("ascii"))


def _composition(seen: Composition, height_cm: int) -> tuple[tuple[str, object], ...]:
    weight = _tenth(seen.weight)
    return (
        ("SN", '"00000002"'),
        ("Bt", 0),
        ("GE", 1),
        ("AG", 30),
        ("Hm", height_cm),
        ("Pt", "0.0"),
        ("Wk", weight),
        ("FW", seen.fat),
        ("MI", (weight * 10_000 / height_cm**2).quantize(_TENTH)),
    )


def _tenth(weight: Decimal) -> Decimal:
    return weight.quantize(_TENTH)
