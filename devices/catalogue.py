"""Every device that a box understands: protocols by name, and one frozen row a model.

A new model of a known protocol is one row here. Registration is explicit: nothing is scanned for
or imported by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from devices.driver import BleCharacteristic, SerialProtocol
from devices.protocols import (
    ad_tm2655,
    battery,
    blood_pressure,
    body_composition,
    cms50,
    current_time,
    glucose,
    glucose_monitor,
    health_thermometer,
    heart_rate,
    mi_scale,
    pulse_oximeter,
    record_access,
    weight_scale,
)
from edge.reading import Kind

BLE_CHARACTERISTICS: dict[str, BleCharacteristic] = {
    characteristic.uuid: characteristic
    for characteristics in (
        blood_pressure.CHARACTERISTICS,
        pulse_oximeter.CHARACTERISTICS,
        health_thermometer.CHARACTERISTICS,
        weight_scale.CHARACTERISTICS,
        body_composition.CHARACTERISTICS,
        heart_rate.CHARACTERISTICS,
        glucose.CHARACTERISTICS,
        record_access.CHARACTERISTICS,
        glucose_monitor.CHARACTERISTICS,
        mi_scale.CHARACTERISTICS,
        battery.CHARACTERISTICS,
        current_time.CHARACTERISTICS,
    )
    for characteristic in characteristics
}

SERIAL_PROTOCOLS: dict[str, SerialProtocol] = {
    protocol.name: protocol
    for protocol in (
        ad_tm2655.PROTOCOL,
        cms50.PROTOCOL,
    )
}

ClockWrite = Literal["2A08", "2A2B"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: how it is reached, by what it is recognised, and its quirks.

    `services` (16-bit UUIDs it advertises) and `name_prefixes` recognise a Bluetooth device.
    `usb_ids` ("vid:pid") only hint at a serial one: most are generic cables, so a serial device is
    known by what it says. `clock` is the characteristic to which the time is written on each
    connection. `pair_first` devices turn away whoever has not paired with them.
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
    usb_ids: tuple[str, ...] = ()
    pair_first: bool = False
    clock: ClockWrite | None = None
    simulated: bool = False


MODELS: tuple[Model, ...] = (
    Model(
        name="UA-651BLE",
        manufacturer="A&D",
        title="Blood-pressure cuff",
        kinds=(Kind.BLOOD_PRESSURE,),
        link="ble",
        characteristics=("2A35", "2A19"),
        services=("1810",),
        name_prefixes=("A&D_UA-651BLE", "UA-651BLE"),
        pair_first=True,
        clock="2A08",
        simulated=True,
    ),
    Model(
        name="3230",
        manufacturer="Nonin",
        title="Finger oximeter, spot check",
        kinds=(Kind.OXIMETRY,),
        link="ble",
        characteristics=("2A5E", "2A19"),
        services=("1822",),
        name_prefixes=("Nonin3230",),
        pair_first=True,
        clock="2A2B",
        simulated=True,
    ),
    Model(
        name="PLX-C",
        manufacturer="Generic",
        title="Finger oximeter, continuous",
        kinds=(Kind.OXIMETRY,),
        link="ble",
        characteristics=("2A5F", "2A19"),
        services=("1822",),
        name_prefixes=("PLX-C",),
        simulated=True,
    ),
    Model(
        name="UT-201BLE",
        manufacturer="A&D",
        title="Thermometer",
        kinds=(Kind.TEMPERATURE,),
        link="ble",
        characteristics=("2A1C", "2A19"),
        services=("1809",),
        name_prefixes=("A&D_UT201BLE", "A&D_UT-201BLE", "UT-201BLE"),
        pair_first=True,
        clock="2A08",
        simulated=True,
    ),
    Model(
        name="UC-352BLE",
        manufacturer="A&D",
        title="Weight scale",
        kinds=(Kind.WEIGHT,),
        link="ble",
        characteristics=("2A9D", "2A19"),
        services=("181D",),
        name_prefixes=("A&D_UC-352BLE", "UC-352BLE"),
        pair_first=True,
        clock="2A08",
        simulated=True,
    ),
    Model(
        name="TM-2657",
        manufacturer="A&D",
        title="Blood-pressure kiosk",
        kinds=(Kind.BLOOD_PRESSURE,),
        link="serial",
        protocol="ad_tm2655",
        usb_ids=("067b:2303",),
        simulated=True,
    ),
    Model(
        name="CMS50D+",
        manufacturer="Contec",
        title="Finger oximeter",
        kinds=(Kind.OXIMETRY,),
        link="serial",
        protocol="cms50_5byte",
        usb_ids=("10c4:ea60",),
        simulated=True,
    ),
)


def model_named(name: str) -> Model | None:
    """Return the row of a model by its name."""
    return next((model for model in MODELS if model.name == name), None)


def ble_model(name: str, services: Iterable[str]) -> Model | None:
    """Recognise an advertisement: by name first, else by the first model of an advertised service.

    `services` are 16-bit UUIDs in upper-case hexadecimal.
    """
    rows = [model for model in MODELS if model.link == "ble"]
    named = (row for row in rows if any(name.startswith(prefix) for prefix in row.name_prefixes))
    offered = set(services)
    served = (row for row in rows if offered.intersection(row.services))
    return next(named, None) or next(served, None)


def serial_models(protocol: str) -> tuple[Model, ...]:
    """Return the models that speak a serial protocol."""
    return tuple(model for model in MODELS if model.protocol == protocol)
