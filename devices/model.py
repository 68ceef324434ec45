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
    itself within seconds, when idle, or never. `consent`: it is known to send to no one who has
    not given a user's code; what has a User Control Point is given one in any case. `grounds`:
    others who own the device published this, or it is assumed and to be tried. Nothing here was
    tried on hardware by us.

    A device without a bond answers whoever calls, so it may be a neighbour's: it is read only after
    a person added it to this box, see `needs_adding`.
    """

    pairs: Pairs = "never"
    passkey: bool = False
    clock_off_s: int = 0
    history: History = "none"
    hangs_up: HangsUp = "idle"
    consent: bool = False
    grounds: Grounds = "assumed"

    @property
    def needs_adding(self) -> bool:
        """Whether no bond tells that the device is this box's own."""
        return self.pairs == "never"


@dataclass(frozen=True, slots=True)
class GlucoseRange:
    """Between which mg/dL a glucose meter shows a number, LO and HI beyond; None is not known.

    `source` says where that is written. `below` is what a number under it means: the LO of a meter
    that keeps its numbers, or, where a ketone may be sent as glucose, nothing that can be told.
    """

    low_mg_dl: Decimal
    high_mg_dl: Decimal | None
    source: str
    below: Literal["lo", "refused"] = "lo"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What a device that is never connected with puts on the air.

    `size`: the bytes of its service data; `company`: the maker's number in the manufacturer data
    (Bluetooth Assigned Numbers), which stands there also when the service data does not.
    """

    size: int
    company: int


@dataclass(frozen=True, slots=True)
class Model:
    """One model: how it is reached, by what it is recognised, and its quirks.

    `services` (16-bit UUIDs) recognise a Bluetooth device before a connection: it has to advertise
    one. `name_prefixes` only tell the rows of a service apart, as `numbers` (what 2A24 starts with)
    do afterwards; a row without prefixes stands for every device of its service that no other row
    knows. A device that broadcasts is told by its `broadcast`. `usb_ids` ("vid:pid") only hint at a
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
    broadcast: Broadcast | None = None

    @property
    def label(self) -> str:
        """Return maker and name, as a person would say it: "A&D UA-651BLE"."""
        return f"{self.manufacturer} {self.name}"
