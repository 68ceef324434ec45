"""GATT servers of connected peripherals, as org.bluez objects with their notify sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from dbus_fast import Message, Variant

from devices.simulators.bluez_tree import CHARACTERISTIC, SERVICE, BluezError, ObjectTree
from devices.simulators.gatt import AttCode, AttError, Characteristic, Peripheral, Service

CONNECTION_EVENT_S = 0.001
MTU = 247

_FIRST_HANDLE = 0x000A
_NOTIFYING = {"notify", "indicate"}
_WRITABLE = {"write", "write-without-response"}

# The texts of BlueZ's create_gatt_dbus_error(); clients match on them.
_ATT_ERRORS = {
    AttCode.READ_NOT_PERMITTED: ("NotPermitted", "Read not permitted"),
    AttCode.WRITE_NOT_PERMITTED: ("NotPermitted", "Write not permitted"),
    AttCode.INSUFFICIENT_AUTHENTICATION: ("NotPermitted", "Not paired"),
    AttCode.REQUEST_NOT_SUPPORTED: ("NotSupported", "Operation is not supported"),
    AttCode.INVALID_LENGTH: ("InvalidArguments", "Invalid Length"),
}

Answer = tuple[str, list[object]]
EMPTY: Answer = ("", [])


@dataclass(slots=True, eq=False)
class _ServedCharacteristic:
    """One characteristic on the bus: whose it is and who listens."""

    peripheral: Peripheral
    characteristic: Characteristic
    listeners: set[str]


class GattTable:
    """Publishes services, answers characteristic calls and carries values to subscribers."""

    def __init__(self, tree: ObjectTree) -> None:
        self._tree = tree
        self._served: dict[str, _ServedCharacteristic] = {}

    def publish(self, device: str, peripheral: Peripheral) -> None:
        """Add the objects of a peripheral under its device path; kept objects stay as they are."""
        for path, service, characteristics in _handles(device, peripheral):
            if path not in self._tree.objects:
                self._tree.add(path, {SERVICE: _service_properties(device, service)})
            for char_path, characteristic in characteristics:
                self._serve(char_path, path, peripheral, characteristic)

    def withdraw(self, device: str, keep: bool) -> None:
        """End every session of a device; BlueZ keeps the objects of bonded devices only."""
        for path in [p for p in self._served if p.startswith(device + "/")]:
            self._end_sessions(path)
            self._served.pop(path).characteristic.push = None
        if not keep:
            self._tree.remove_below(device)

    def forget_client(self, client: str) -> None:
        """End the notify sessions of a client that left the bus."""
        for path, served in self._served.items():
            if client in served.listeners:
                self._stop(path, served, client)

    async def call(self, message: Message) -> Answer:
        """Answer one call on a characteristic; raises `BluezError`."""
        served = self._served.get(message.path or "")
        if served is None:
            raise BluezError("Failed", "Not connected")
        await asyncio.sleep(CONNECTION_EVENT_S)
        try:
            return self._answer(message, served)
        except AttError as error:
            raise _bluez_error(error) from None

    def _answer(self, message: Message, served: _ServedCharacteristic) -> Answer:
        path, client = message.path or "", message.sender or ""
        if message.member == "ReadValue":
            return "ay", [_read(served)]
        if message.member == "WriteValue":
            _write(served, bytes(message.body[0]))
            return EMPTY
        if message.member == "StartNotify":
            self._start(path, served, client)
            return EMPTY
        if message.member == "StopNotify":
            if client not in served.listeners:
                raise BluezError("Failed", "No notify session started")
            self._stop(path, served, client)
            return EMPTY
        raise BluezError("org.freedesktop.DBus.Error.UnknownMethod", message.member or "")

    def _serve(
        self, path: str, service: str, peripheral: Peripheral, characteristic: Characteristic
    ) -> None:
        self._served[path] = _ServedCharacteristic(peripheral, characteristic, set())
        characteristic.subscribed = False
        characteristic.push = lambda data: self._tree.change(
            path, CHARACTERISTIC, {"Value": Variant("ay", data)}
        )
        if path not in self._tree.objects:
            properties = _characteristic_properties(service, characteristic)
            self._tree.add(path, {CHARACTERISTIC: properties})

    def _start(self, path: str, served: _ServedCharacteristic, client: str) -> None:
        characteristic = served.characteristic
        if not _NOTIFYING & set(characteristic.flags):
            raise AttError(AttCode.REQUEST_NOT_SUPPORTED)
        _check_bond(served)
        if client in served.listeners:
            raise BluezError("InProgress", "Operation already in progress")
        served.listeners.add(client)
        if characteristic.subscribed:
            return
        characteristic.subscribed = True
        self._tree.change(path, CHARACTERISTIC, {"Notifying": Variant("b", True)})
        if characteristic.on_subscribe is not None:
            characteristic.on_subscribe()

    def _stop(self, path: str, served: _ServedCharacteristic, client: str) -> None:
        served.listeners.discard(client)
        if not served.listeners:
            self._end_sessions(path)

    def _end_sessions(self, path: str) -> None:
        served = self._served[path]
        served.listeners.clear()
        if served.characteristic.subscribed:
            served.characteristic.subscribed = False
            self._tree.change(path, CHARACTERISTIC, {"Notifying": Variant("b", False)})


def _read(served: _ServedCharacteristic) -> bytes:
    if "read" not in served.characteristic.flags:
        raise AttError(AttCode.READ_NOT_PERMITTED)
    _check_bond(served)
    if served.characteristic.on_read is not None:
        return served.characteristic.on_read()
    return served.characteristic.value


def _write(served: _ServedCharacteristic, data: bytes) -> None:
    characteristic = served.characteristic
    if not _WRITABLE & set(characteristic.flags):
        raise AttError(AttCode.WRITE_NOT_PERMITTED)
    _check_bond(served)
    if characteristic.on_write is not None:
        characteristic.on_write(data)
    characteristic.value = data


def _check_bond(served: _ServedCharacteristic) -> None:
    if served.characteristic.secure and not served.peripheral.bond.bonded:
        raise AttError(AttCode.INSUFFICIENT_AUTHENTICATION)


def _bluez_error(error: AttError) -> BluezError:
    unknown = ("Failed", f"Operation failed with ATT error: 0x{error.code:02x}")
    return BluezError(*_ATT_ERRORS.get(error.code, unknown))


def _handles(
    device: str, peripheral: Peripheral
) -> Iterator[tuple[str, Service, list[tuple[str, Characteristic]]]]:
    """Give each service and characteristic the path that its ATT handle makes."""
    handle = _FIRST_HANDLE
    for service in peripheral.services:
        path = f"{device}/service{handle:04x}"
        characteristics = []
        for characteristic in service.characteristics:
            characteristics.append((f"{path}/char{handle + 1:04x}", characteristic))
            handle += 3  # declaration, value, client configuration
        yield path, service, characteristics
        handle += 1


def _service_properties(device: str, service: Service) -> dict[str, Variant]:
    return {
        "UUID": Variant("s", service.uuid),
        "Device": Variant("o", device),
        "Primary": Variant("b", True),
        "Includes": Variant("ao", []),
    }


def _characteristic_properties(service: str, characteristic: Characteristic) -> dict[str, Variant]:
    properties = {
        "UUID": Variant("s", characteristic.uuid),
        "Service": Variant("o", service),
        "Value": Variant("ay", b""),
        "Flags": Variant("as", list(characteristic.flags)),
        "MTU": Variant("q", MTU),
    }
    if _NOTIFYING & set(characteristic.flags):
        properties["Notifying"] = Variant("b", False)
    return properties
