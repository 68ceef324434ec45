"""A Bluetooth LE peripheral as its owner knows it: what it advertises, serves and does.

Nothing here knows D-Bus. `devices.simulators.bluez` puts these objects on a bus; any other
transport could serve the same ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from devices.simulators.tasks import Tasks


def uuid128(uuid: int | str) -> str:
    """Return the full UUID of a 16-bit number of the Bluetooth SIG; a maker's own as it is."""
    return uuid.lower() if isinstance(uuid, str) else f"{uuid:08x}-0000-1000-8000-00805f9b34fb"


def uuid_name(uuid: int | str) -> str:
    """Return a UUID as the catalogue writes it."""
    return uuid.upper() if isinstance(uuid, str) else f"{uuid:04X}"


class AttCode:
    """Error codes of the Attribute Protocol (Core 5.4, Vol 3, Part F, 3.4.1.1)."""

    READ_NOT_PERMITTED = 0x02
    WRITE_NOT_PERMITTED = 0x03
    INSUFFICIENT_AUTHENTICATION = 0x05
    REQUEST_NOT_SUPPORTED = 0x06
    INVALID_LENGTH = 0x0D
    CCCD_IMPROPER = 0xFD
    IN_PROGRESS = 0xFE


class AttError(Exception):
    """A peripheral refuses a request with an ATT error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ATT error 0x{code:02x}")
        self.code = code


class Pairing(StrEnum):
    """How a peripheral bonds."""

    NONE = "none"
    JUST_WORKS = "just-works"
    PASSKEY = "passkey"


@dataclass(slots=True)
class Characteristic:
    """One value of a GATT server; `flags` in BlueZ's words ("read", "indicate", ...).

    `on_read` gives a value that changes by itself; `on_write` may refuse by raising `AttError`.
    `secure` asks for a bond. `push` belongs to the transport: it hands a value to the subscribed
    central.
    """

    uuid: str
    flags: tuple[str, ...]
    value: bytes = b""
    on_read: Callable[[], bytes] | None = None
    on_write: Callable[[bytes], None] | None = None
    on_subscribe: Callable[[], None] | None = None
    secure: bool = False
    subscribed: bool = False
    push: Callable[[bytes], None] | None = None

    def send(self, data: bytes) -> None:
        """Notify or indicate `data`; refuses when nobody wrote the CCCD."""
        if self.push is None or not self.subscribed:
            raise AttError(AttCode.CCCD_IMPROPER)
        self.push(data)


@dataclass(frozen=True, slots=True)
class Service:
    """A primary service and its characteristics."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a peripheral says it is, on the air and in its Device Information service."""

    name: str
    address: str
    manufacturer: str
    model: str
    serial: str

    def sibling(self, number: int) -> Identity:
        """Return the identity of the `number`-th device of this kind; the first is this one."""
        if number == 1:
            return self
        tail = self.address.replace(":", "")
        moved = f"{int(tail, 16) + number - 1:012X}"
        serial = str(int(self.serial) + number - 1).zfill(len(self.serial))
        name = self.name.replace(tail[-6:], moved[-6:]).replace(self.serial, serial)
        if name == self.name:
            name = f"{name}-{number}"
        address = ":".join(moved[at : at + 2] for at in range(0, len(moved), 2))
        return replace(self, name=name, address=address, serial=serial)


@dataclass(slots=True)
class Bond:
    """The pairing rule of a peripheral and whether the adapter holds its keys.

    `forgotten`: the peripheral has lost its own, so the adapter's are worth nothing.
    """

    pairing: Pairing = Pairing.NONE
    passkey: int = 123456
    bonded: bool = False
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """Seconds between a peripheral's steps; None switches the step off."""

    advertising_interval_s: float = 0.1
    connect_s: float = 0.05
    resolve_s: float = 0.05
    drop_after_connect_s: float | None = None


@dataclass(slots=True, eq=False)
class Peripheral:
    """One device on the air. The transport calls `connected` and `disconnected`.

    `awake` is set while it advertises; `service_data` goes along, by full UUID. `hang_up` drops
    the link from the device's side. `tasks` are those of the running connection: they end with it.
    """

    identity: Identity
    advertised: tuple[str, ...]
    services: Sequence[Service]
    timing: LinkTiming = field(default_factory=LinkTiming)
    bond: Bond = field(default_factory=Bond)
    service_data: dict[str, bytes] = field(default_factory=dict)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: Tasks = field(default_factory=Tasks)
    hang_up: Callable[[], None] = lambda: None
    on_connected: Callable[[], None] = lambda: None
    on_disconnected: Callable[[], None] = lambda: None

    def characteristic(self, short: int) -> Characteristic:
        """Return the characteristic of a 16-bit UUID."""
        wanted = uuid128(short)
        found = (c for s in self.services for c in s.characteristics if c.uuid == wanted)
        return next(found)


def device_information(identity: Identity) -> Service:
    """Return the Device Information service (DIS 1.1) of a device."""
    texts = {0x2A29: identity.manufacturer, 0x2A24: identity.model, 0x2A25: identity.serial}
    return Service(
        uuid128(0x180A),
        tuple(Characteristic(uuid128(u), ("read",), t.encode()) for u, t in texts.items()),
    )


def battery(percent: int) -> Service:
    """Return the Battery service (BAS 1.0) with its level in percent."""
    level = Characteristic(uuid128(0x2A19), ("read", "notify"), bytes([percent]))
    return Service(uuid128(0x180F), (level,))
