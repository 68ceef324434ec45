"""A model of the catalogue: how it is reached, by what it is recognised, and its quirks."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from edge.model.reading import Kind

ClockWrite = Literal["2A08", "2A2B"]
Pairs = Literal["never", "first", "at-once"]
History = Literal["none", "sent", "latest", "records"]
HangsUp = Literal["seconds", "idle", "never"]
Grounds = Literal["reported", "assumed"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a Bluetooth model does beyond its profile.

    `pairs`: "first" has to be paired in its pairing mode before it measures, "at-once" asks for
    the bond at the first connection. `passkey`: it shows a number, or has one printed on it.
    `clock_off_s`: its clock is only written when wrong by more. `history`: its memory is not there,
    sent by itself, sent as the latest value only, or asked for as records (RACP). `hangs_up`: by
    itself within seconds, when idle, or never. `consent`: it sends to no one who has not given a
    user's code (User Data). `adopt`: it broadcasts to everybody or may be anybody's, so that only
    those count which a technician added. `grounds`: others who own the device published this, or
    it is assumed and to be tried. Nothing here was tried on hardware by us.
    """

    pairs: Pairs = "never"
    passkey: bool = False
    clock_off_s: int = 0
    history: History = "none"
    hangs_up: HangsUp = "idle"
    consent: bool = False
    adopt: bool = False
    grounds: Grounds = "assumed"


@dataclass(frozen=True, slots=True)
class GlucoseRange:
    """Between which mg/dL a glucose meter shows a number, LO and HI beyond; None is not known.

    `source` says where that is written.
    """

    low_mg_dl: Decimal
    high_mg_dl: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model: how it is reached, by what it is recognised, and its quirks.

    `services` (16-bit UUIDs it advertises) and `name_prefixes` recognise a Bluetooth device before
    a connection, `numbers` (what 2A24 starts with) afterwards; a row without prefixes stands for
    every device of its service that no other row knows. `usb_ids` ("vid:pid") only hint at a
    serial one: most are generic cables, so a serial device is known by what it says. `clock` is
    the characteristic to which the time is written. `glucose_range` is what a meter can measure.
    """

    name: str
    manufacturer: str
    title: str
    kinds: tuple[Kind, ...]
    link: Literal["ble", "serial"]
    protocol: str = ""
    characteristics: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    usb_ids: tuple[str, ...] = ()
    clock: ClockWrite | None = None
    quirks: Quirks = field(default_factory=Quirks)
    glucose_range: GlucoseRange | None = None

    @property
    def label(self) -> str:
        """Return maker and name, as a person would say it: "A&D UA-651BLE"."""
        return f"{self.manufacturer} {self.name}"
