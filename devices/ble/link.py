"""Bluetooth LE by bleak: one scanner and connections, without decisions.

The only file that knows bleak. Every failure is a `LinkError`; an adapter that is gone or off is a
`RadioOffError`. UUIDs are upper-case hexadecimal: four digits of the SIG's, all of a maker's own.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError

CONNECT_TIMEOUT_S = 20.0
CALL_TIMEOUT_S = 5.0
"""One read or write: BlueZ gives an unanswered ATT request up to 30 s."""

_SIG_TAIL = "-0000-1000-8000-00805f9b34fb"
_FAILURES = (BleakError, TimeoutError, OSError, EOFError, AssertionError)
"""bleak asserts where its bus went away between two lines, and passes on what the socket raised."""

_BOND_ERRORS = frozenset({"AuthenticationFailed", "AuthenticationRejected", "NotAuthorized"})
_BOND_TEXT = re.compile(r"Not paired|ATT error: 0x(05|08|0c|0f)\b")

_UNHEARD = -127
"""Without a signal strength BlueZ tells of some other change of the device, such as a hang-up."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


class LinkError(Exception):
    """A connection, or one request on it, failed."""


class BondError(LinkError):
    """The device wants a bond that is not there, or does not know the one that the adapter has."""


class RadioOffError(LinkError):
    """No powered adapter, no Bluetooth daemon or no bus."""


@dataclass(frozen=True, slots=True)
class Advertisement:
    """A device heard at `at_s` (monotonic); `data` changes when what it broadcasts changes.

    `paired` is whether the adapter holds a bond with it, `service_data` what it broadcasts about
    its services, `companies` whose manufacturer data it carries.
    """

    address: str
    name: str
    services: tuple[str, ...]
    data: int
    at_s: float
    device: BLEDevice
    paired: bool = False
    service_data: tuple[tuple[str, bytes], ...] = ()
    companies: tuple[int, ...] = ()


class Scanner:
    """The station's one scan: active, without end; `heard` must only take note."""

    def __init__(self, services: Collection[str], heard: Callable[[Advertisement], None]) -> None:
        self._heard = heard
        # With duplicates: that a device stopped advertising is what ends its cool-down.
        self._scanner = BleakScanner(
            self._detected,
            service_uuids=[_long(uuid) for uuid in sorted(services)],
            scanning_mode="active",
            bluez={"filters": {"DuplicateData": True}},
        )

    async def __aenter__(self) -> Scanner:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._scanner.start()
        except _FAILURES as error:
            raise RadioOffError(_text(error)) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._scanner.stop()
        except _FAILURES as error:
            _log.info("the scan was over already: %s", _text(error))

    def _detected(self, device: BLEDevice, seen: AdvertisementData) -> None:
        if seen.rssi == _UNHEARD:
            return
        data = hash(
            (
                tuple(sorted(seen.manufacturer_data.items())),
                tuple(sorted(seen.service_data.items())),
            )
        )
        services = tuple(_short(uuid) for uuid in seen.service_uuids)
        pairs = ((_short(uuid), value) for uuid, value in sorted(seen.service_data.items()))
        self._heard(
            Advertisement(
                address=device.address,
                name=seen.local_name or device.name or "",
                services=services,
                data=data,
                at_s=asyncio.get_running_loop().time(),
                device=device,
                paired=bool(device.details["props"].get("Paired")),
                service_data=tuple(pairs),
                companies=tuple(sorted(seen.manufacturer_data)),
            )
        )


class Connection:
    """One connected device. `lost` is set when the link is gone, whoever ended it."""

    def __init__(self, client: BleakClient, lost: asyncio.Event) -> None:
        self._client = client
        self.lost = lost

    @classmethod
    async def open(cls, device: BLEDevice) -> Connection:
        """Connect and discover; raises `LinkError`. Callers take turns: one connect at a time."""
        lost = asyncio.Event()
        client = BleakClient(
            device, disconnected_callback=lambda _: lost.set(), timeout=CONNECT_TIMEOUT_S
        )
        await _guarded(client.connect(), CONNECT_TIMEOUT_S + CALL_TIMEOUT_S)
        return cls(client, lost)

    async def subscribe(self, uuid: str, took: Callable[[bytes], None]) -> bool:
        """Have values of a characteristic handed to `took`; False when the device has none."""
        found = self._client.services.get_characteristic(_long(uuid))
        if found is None:
            return False
        await _guarded(self._client.start_notify(found, lambda _, data: took(bytes(data))))
        return True

    async def read(self, uuid: str) -> bytes | None:
        """Return a value, None when the device has no such readable characteristic."""
        found = self._client.services.get_characteristic(_long(uuid))
        if found is None or "read" not in found.properties:
            return None
        return bytes(await _guarded(self._client.read_gatt_char(found)))

    async def write(self, uuid: str, data: bytes) -> bool:
        """Write a value and wait for the answer; False when the device has none to write to."""
        found = self._client.services.get_characteristic(_long(uuid))
        if found is None or "write" not in found.properties:
            return False
        await _guarded(self._client.write_gatt_char(found, data, response=True))
        return True

    async def close(self) -> None:
        """Disconnect; never fails."""
        try:
            await _guarded(self._client.disconnect(), CONNECT_TIMEOUT_S)
        except LinkError as error:
            _log.info("disconnecting: %s", error)


async def check_radio() -> None:
    """Raise `RadioOffError` unless an adapter is there and powered; costs no call on the bus."""
    try:
        await BleakAdapter.get()
    except BleakBluetoothNotAvailableError as error:
        raise RadioOffError(_text(error)) from error
    except _FAILURES as error:
        raise RadioOffError(f"no Bluetooth service: {_text(error)}") from error


async def disconnect_leftovers(services: Collection[str]) -> int:
    """Disconnect devices of these services that a former process left connected; count them."""
    adapter = await _guarded(BleakAdapter.get())
    left = await _guarded(adapter.get_connected_devices([_long(uuid) for uuid in services]))
    for device in left:
        try:
            await (await Connection.open(device)).close()
        except LinkError as error:
            _log.info("a left-over connection: %s", error)
    return len(left)


async def _guarded(call: Awaitable[T], timeout_s: float = CALL_TIMEOUT_S) -> T:
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except BleakDBusError as error:
        kind = BondError if is_about_bond(error.dbus_error, _text(error)) else LinkError
        raise kind(_text(error)) from error
    except _FAILURES as error:
        raise LinkError(_text(error)) from error


def is_about_bond(name: str, text: str) -> bool:
    """Whether an error of BlueZ says that the keys of the two sides do not fit or are missing.

    ATT codes: 05 insufficient authentication, 08 authorization, 0c key size, 0f encryption
    (Core 5.4, Vol 3, Part F, 3.4.1.1).
    """
    return name.rpartition(".")[2] in _BOND_ERRORS or _BOND_TEXT.search(text) is not None


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _long(uuid: str) -> str:
    return uuid.lower() if "-" in uuid else f"0000{uuid.lower()}{_SIG_TAIL}"


def _short(uuid: str) -> str:
    of_sig = uuid.startswith("0000") and uuid.endswith(_SIG_TAIL)
    return uuid[4:8].upper() if of_sig else uuid.upper()
