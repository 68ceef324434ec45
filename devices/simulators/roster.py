"""The virtual devices, one row each, and which of them are in a ward.

A new device is one row here: a serial device's class with the name of its tty, or a Bluetooth
device's model in `devices.simulators.models`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle, islice
from pathlib import Path
from typing import Protocol

from devices.catalogue import recognised
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.gatt import uuid_name
from devices.simulators.models import BLE_MODELS, MORE_BLE_MODELS
from devices.simulators.peripherals import BleModel
from devices.simulators.serial_line import SerialLine
from devices.simulators.wired import (
    ad_scale,
    ad_tm2657,
    ad_ua767pc,
    astm_e1381,
    berry_pm6750,
    cms50_v7,
    cms50dplus,
    datex_s5,
    freestyle_optium,
    gtech_gl310,
    healthometer,
    hl7_mllp,
    lepu_aa55,
    masimo_ascii1,
    medlab_nibp2020,
    nellcor_n595,
    nonin,
    omron_hbp,
    onetouch_ultra2,
    onetouch_ultraeasy,
    sd_codefree,
    suntech_nibp,
    taidoc_51,
    tanita_csv,
    terumo_bp500,
)
from devices.simulators.wired.machine import Machine


class UnknownDeviceError(LookupError):
    """There is no device of that name."""


class WiredDevice(Protocol):
    """What a ward asks of a serial device."""

    @property
    def name(self) -> str:
        """The name in the ward."""
        ...

    @property
    def model(self) -> str:
        """The model as the catalogue names it."""
        ...

    @property
    def link(self) -> str:
        """How it is reached: "serial"."""
        ...

    @property
    def line(self) -> SerialLine:
        """Its end of the cable."""
        ...

    @property
    def faults(self) -> frozenset[Fault]:
        """The faults that this device can have."""
        ...

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start one act of measuring; raises `UnsupportedFaultError`."""
        ...

    def plug(self) -> None:
        """Put the cable in."""
        ...

    def unplug(self) -> None:
        """Pull the cable."""
        ...

    async def stop(self) -> None:
        """Switch off for good."""
        ...


@dataclass(frozen=True, slots=True)
class WiredRow:
    """A serial device: its name, its tty, its model, and how to make one (path, seed, name)."""

    slug: str
    tty: str
    model: str
    make: Callable[[Path, int, str], WiredDevice]


def _row(kind: type[Machine], tty: str) -> WiredRow:
    return WiredRow(
        kind.slug, tty, kind.model, lambda path, seed, name: kind(path, seed=seed, name=name)
    )


TM_2657 = WiredRow(
    "tm-2657",
    "ttyTM2657",
    ad_tm2657.Tm2657.model,
    lambda path, seed, name: ad_tm2657.Tm2657(path, seed=seed, name=name),
)
CMS50D_PLUS = WiredRow(
    "cms50d-plus",
    "ttyCMS50D",
    cms50dplus.Cms50dPlus.model,
    lambda path, seed, name: cms50dplus.Cms50dPlus(path, seed=seed, name=name),
)

WIRED: tuple[WiredRow, ...] = (
    TM_2657,
    CMS50D_PLUS,
    _row(omron_hbp.Hbp9030, "ttyHBP9030"),
    _row(omron_hbp.Hbp9020, "ttyHBP9020"),
    _row(terumo_bp500.EsP2020, "ttyESP2020"),
    _row(ad_ua767pc.Ua767Pc, "ttyUA767"),
    _row(tanita_csv.Sc240, "ttySC240"),
    _row(tanita_csv.Wb3000, "ttyWB3000"),
    _row(tanita_csv.Bd815u, "ttyBD815U"),
    _row(ad_scale.AdScale, "ttyADSCALE"),
    _row(gtech_gl310.Gl310, "ttyGL310"),
    _row(healthometer.Healthometer500Kl, "tty500KL"),
    _row(masimo_ascii1.Rad87, "ttyRAD87"),
    _row(masimo_ascii1.Rad8, "ttyRAD8"),
    _row(nellcor_n595.N595, "ttyN595"),
    _row(nonin.Xpod, "ttyXPOD"),
    _row(nonin.NoninDf8, "ttyOEM3"),
    _row(nonin.Nonin9560, "tty9560"),
    _row(taidoc_51.Td3128, "ttyTD3128"),
    _row(taidoc_51.Td4279, "ttyTD4279"),
    _row(taidoc_51.Td1241, "ttyTD1241"),
    _row(taidoc_51.Td8255, "ttyTD8255"),
    _row(onetouch_ultra2.Ultra2, "ttyULTRA2"),
    _row(onetouch_ultraeasy.UltraEasy, "ttyULTRAEASY"),
    _row(freestyle_optium.FreestyleOptium, "ttyOPTIUM"),
    _row(sd_codefree.Codefree, "ttyCODEFREE"),
    _row(cms50_v7.Cms50E, "ttyCMS50E"),
    _row(suntech_nibp.SuntechNibp, "ttySUNTECH"),
    _row(medlab_nibp2020.MedlabNibp, "ttyMEDLAB"),
    _row(medlab_nibp2020.MedlabWithOximeter, "ttyMEDLABSPO2"),
    _row(berry_pm6750.Pm6750, "ttyPM6750"),
    _row(astm_e1381.AstmAnalyser, "ttyASTM"),
    _row(hl7_mllp.Hl7Analyser, "ttyHL7"),
    _row(hl7_mllp.RapidTestReader, "ttyRAPID"),
    _row(astm_e1381.ChemistryAnalyser, "ttyCHEMISTRY"),
    _row(datex_s5.DatexS5, "ttyDATEX"),
    _row(lepu_aa55.LepuBoard, "ttyLEPU"),
)

Row = BleModel | WiredRow


@dataclass(frozen=True, slots=True)
class Post:
    """One device on duty: the `number`-th of its row."""

    row: Row
    number: int = 1

    @property
    def name(self) -> str:
        """The device's name in the ward."""
        return self.row.slug if self.number == 1 else f"{self.row.slug}-{self.number}"

    def model(self) -> BleModel:
        """Return the row of a Bluetooth device with this one's own name and address."""
        assert isinstance(self.row, BleModel)
        identity = self.row.identity.sibling(self.number)
        return replace(self.row, slug=self.name, identity=identity)


ROWS: tuple[Row, ...] = (*BLE_MODELS, *MORE_BLE_MODELS, *WIRED)

DEFAULT: tuple[Post, ...] = tuple(Post(row) for row in (*BLE_MODELS, TM_2657, CMS50D_PLUS))
"""The devices of a ward unless others are asked for."""


def crew(names: str = "") -> tuple[Post, ...]:
    """Return the default ward and whoever is named, by commas, or "all" for every row.

    Raises `UnknownDeviceError`.
    """
    if names == "all":
        return tuple(Post(row) for row in ROWS)
    known = {row.slug: row for row in ROWS}
    wanted = [name for name in names.split(",") if name]
    if unknown := [name for name in wanted if name not in known]:
        raise UnknownDeviceError(f"no device {unknown[0]!r}; there are {', '.join(known)}")
    rows = dict.fromkeys([*(post.row.slug for post in DEFAULT), *wanted])
    return tuple(Post(known[slug]) for slug in rows)


def simulated() -> dict[str, str]:
    """Return what simulator a model of the catalogue has, by its name: for the README's table."""
    demo = [post.row for post in DEFAULT]
    return {_model_of(row): "in the demo" if row in demo else "yes" for row in reversed(ROWS)}


def _model_of(row: Row) -> str:
    if isinstance(row, WiredRow):
        return row.model
    known = recognised(row.identity.name, [uuid_name(row.service)])
    return known.name if known is not None else row.identity.name


def fleet(posts: Sequence[Post], ble: int, serial: int) -> tuple[Post, ...]:
    """Return so many Bluetooth and serial devices, the rows of `posts` in turn."""
    air = [post.row for post in posts if isinstance(post.row, BleModel)]
    wired = [post.row for post in posts if isinstance(post.row, WiredRow)]
    return (*_numbered(air, ble), *_numbered(wired, serial))


def _numbered(rows: Sequence[Row], size: int) -> list[Post]:
    if not rows and size:
        raise ValueError("a fleet needs a device to be made of")
    counters = {row.slug: count(1) for row in rows}
    return [Post(row, next(counters[row.slug])) for row in islice(cycle(rows), size)]
