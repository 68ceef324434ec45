"""Every device that a box understands: one frozen row a model, a protocol, a family.

A new model is one row: a Bluetooth one in `devices.catalogue.ble_models`
(docs/how-to/add-a-ble-model.md), a serial one in `devices.catalogue.serial_models`. A new serial
protocol is one row in `devices.catalogue.serial_protocols` (docs/how-to/add-a-serial-protocol.md).
Registration is explicit: nothing is scanned for or imported by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.catalogue import tables
from devices.catalogue.ble_families import BLE_FAMILIES
from devices.catalogue.ble_models import BLE_MODELS, BLE_REPEATS
from devices.catalogue.ble_models import recognised as recognised
from devices.catalogue.serial_models import SERIAL_MODELS
from devices.catalogue.serial_protocols import SERIAL_ROWS, serial_row
from devices.driver import BleCharacteristic, SerialProtocol
from devices.model import Model as Model
from edge.model.reading import Repeats

BLE_CHARACTERISTICS: dict[str, BleCharacteristic] = {
    characteristic.uuid: characteristic
    for family in BLE_FAMILIES
    for characteristic in family.characteristics
}

SERIAL_PROTOCOLS: dict[str, SerialProtocol] = {row.name: row.protocol for row in SERIAL_ROWS}

MODELS: tuple[Model, ...] = (
    *BLE_MODELS,
    *SERIAL_MODELS,
)


def model_named(name: str) -> Model | None:
    """Return the row of a model by its name or its label."""
    return next((model for model in MODELS if name in (model.name, model.label)), None)


def repeats_of(model: Model) -> Repeats:
    """Return how a model's devices are known to send a measurement again."""
    if model.link == "ble":
        return BLE_REPEATS[model.quirks.history]
    row = serial_row(model.protocol)
    return Repeats.NEVER if row is None else row.repeats


def serial_models(protocol: str) -> tuple[Model, ...]:
    """Return the models that speak a serial protocol."""
    return tuple(model for model in MODELS if model.protocol == protocol)


def table(simulated: Mapping[str, str]) -> str:
    """Return the models as Markdown, for docs/devices/models.md (cog).

    `simulated` says of a model's name what simulator it has (`devices.simulators.roster`).
    """
    return tables.table(MODELS, simulated, SERIAL_ROWS, BLE_FAMILIES)


def quirks() -> str:
    """Return the Bluetooth models' quirks as Markdown, for their page (cog)."""
    return tables.quirk_table(BLE_MODELS)


def index() -> str:
    """Return every protocol as Markdown, for the index of the device pages (cog)."""
    return tables.protocol_table(SERIAL_ROWS, BLE_FAMILIES)


def page_head(name: str) -> str:
    """Return what the code knows of a protocol or family as Markdown, to head its page (cog)."""
    row = serial_row(name)
    if row is not None:
        return tables.serial_facts(row, serial_models(name))
    family = next(family for family in BLE_FAMILIES if family.name == name)
    uuids = {characteristic.uuid for characteristic in family.characteristics}
    models = [model for model in MODELS if uuids.intersection(model.characteristics)]
    return tables.ble_facts(family, models)
