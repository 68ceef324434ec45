"""Every device that a box understands: protocols by name, and one frozen row a model.

A new model of a known protocol is one row here. Registration is explicit: nothing is scanned for
or imported by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devices.catalogue import tables
from devices.catalogue.ble_models import BLE_MODELS, recognised
from devices.catalogue.serial_models import SERIAL_MODELS
from devices.driver import BleCharacteristic, SerialProtocol
from devices.model import Model as Model
from devices.protocols import (
    ad_scale,
    ad_tm2655,
    ad_ua767pc,
    astm_e1381,
    battery,
    berry_pm6750,
    blood_pressure,
    body_composition,
    cms50,
    cms50_v7,
    current_time,
    datex_s5,
    freestyle_optium,
    glucose,
    glucose_monitor,
    gtech_gl310,
    health_thermometer,
    healthometer,
    heart_rate,
    hl7_mllp,
    lepu_aa55,
    masimo_ascii1,
    medlab_nibp2020,
    mi_scale,
    nellcor_n595,
    nonin,
    omron_hbp,
    onetouch_ultra2,
    onetouch_ultraeasy,
    pulse_oximeter,
    record_access,
    sd_codefree,
    suntech_nibp,
    taidoc_51,
    tanita_csv,
    terumo_bp500,
    weight_scale,
)

BLE_FAMILIES: dict[str, tuple[BleCharacteristic, ...]] = {
    "blood_pressure": blood_pressure.CHARACTERISTICS,
    "pulse_oximeter": pulse_oximeter.CHARACTERISTICS,
    "health_thermometer": health_thermometer.CHARACTERISTICS,
    "weight_scale": weight_scale.CHARACTERISTICS,
    "body_composition": body_composition.CHARACTERISTICS,
    "heart_rate": heart_rate.CHARACTERISTICS,
    "glucose": glucose.CHARACTERISTICS,
    "record_access": record_access.CHARACTERISTICS,
    "glucose_monitor": glucose_monitor.CHARACTERISTICS,
    "mi_scale": mi_scale.CHARACTERISTICS,
    "battery": battery.CHARACTERISTICS,
    "current_time": current_time.CHARACTERISTICS,
}
"""Characteristics that belong together, by the name of their file and their docs page."""

BLE_CHARACTERISTICS: dict[str, BleCharacteristic] = {
    characteristic.uuid: characteristic
    for characteristics in BLE_FAMILIES.values()
    for characteristic in characteristics
}

SERIAL_PROTOCOLS: dict[str, SerialProtocol] = {
    protocol.name: protocol
    for protocol in (
        ad_tm2655.PROTOCOL,
        omron_hbp.PROTOCOL,
        cms50.PROTOCOL,
        cms50_v7.PROTOCOL,
        masimo_ascii1.PROTOCOL,
        nonin.PROTOCOL_DF2,
        nonin.PROTOCOL_DF8,
        nonin.PROTOCOL_DF13,
        tanita_csv.PROTOCOL,
        ad_scale.PROTOCOL,
        taidoc_51.PROTOCOL,
        onetouch_ultra2.PROTOCOL,
        onetouch_ultraeasy.PROTOCOL,
        suntech_nibp.PROTOCOL,
        medlab_nibp2020.PROTOCOL,
        berry_pm6750.PROTOCOL,
        astm_e1381.PROTOCOL,
        hl7_mllp.PROTOCOL,
        freestyle_optium.PROTOCOL,
        sd_codefree.PROTOCOL,
        nellcor_n595.PROTOCOL,
        datex_s5.PROTOCOL,
        terumo_bp500.PROTOCOL,
        lepu_aa55.PROTOCOL,
        ad_ua767pc.PROTOCOL,
        gtech_gl310.PROTOCOL,
        healthometer.PROTOCOL,
    )
}

MODELS: tuple[Model, ...] = (
    *BLE_MODELS,
    *SERIAL_MODELS,
)


def model_named(name: str) -> Model | None:
    """Return the row of a model by its name or its label."""
    return next((model for model in MODELS if name in (model.name, model.label)), None)


def ble_model(name: str, services: Iterable[str]) -> Model | None:
    """Recognise an advertisement: by name first, else as any device of an advertised service.

    `services` are 16-bit UUIDs in upper-case hexadecimal.
    """
    return recognised(name, services)


def serial_models(protocol: str) -> tuple[Model, ...]:
    """Return the models that speak a serial protocol."""
    return tuple(model for model in MODELS if model.protocol == protocol)


def table(simulated: Mapping[str, str]) -> str:
    """Return the models as Markdown, for docs/devices/models.md (cog).

    `simulated` says of a model's name what simulator it has (`devices.simulators.roster`).
    """
    return tables.table(MODELS, simulated, SERIAL_PROTOCOLS, BLE_FAMILIES)


def quirks() -> str:
    """Return the Bluetooth models' quirks as Markdown, for their page (cog)."""
    return tables.quirk_table(BLE_MODELS)


def index() -> str:
    """Return every protocol as Markdown, for the index of the device pages (cog)."""
    return tables.protocol_table(SERIAL_PROTOCOLS, BLE_FAMILIES)


def page_head(name: str) -> str:
    """Return what the code knows of a protocol or family as Markdown, to head its page (cog)."""
    if name in SERIAL_PROTOCOLS:
        return tables.serial_facts(SERIAL_PROTOCOLS[name], serial_models(name))
    family = {one.uuid for one in BLE_FAMILIES[name]}
    models = [model for model in MODELS if family.intersection(model.characteristics)]
    return tables.ble_facts(name, BLE_FAMILIES[name], models)
