"""A ward: virtual devices in one process, on real wires.

The Bluetooth devices live on a private bus (`bus_address`, for DBUS_SYSTEM_BUS_ADDRESS), the
serial ones on ttys at the paths of `serial`. `measure` lets one of them measure; what follows
takes as long as with a real device. Who is on duty: see `devices.simulators.roster`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, patients
from devices.simulators.bus import PrivateBus
from devices.simulators.faults import Fault
from devices.simulators.peripherals import BleDevice, BleModel, DeviceTimes, switch_on
from devices.simulators.roster import (
    DEFAULT,
    Post,
    UnknownDeviceError,
    WiredDevice,
    WiredRow,
)

__all__ = ["Card", "UnknownDeviceError", "VirtualDevice", "Ward"]

VirtualDevice = BleDevice | WiredDevice


@dataclass(frozen=True, slots=True)
class Card:
    """What the ward tells about a device: names, link, and where to find it."""

    name: str
    model: str
    link: str
    address: str
    faults: tuple[str, ...]


class Ward:
    """Runs the devices between `start` and `stop`; also an async context manager."""

    def __init__(
        self,
        directory: Path,
        seed: int = 0,
        habits: DeviceTimes | None = None,
        enrolled: bool = True,
        posts: Sequence[Post] = DEFAULT,
    ) -> None:
        self.bus_address = ""
        self.bluez = Bluez()
        self._bus = PrivateBus()
        self._bodies: Iterator[Body] = patients(seed)
        self._ble: dict[str, BleDevice] = {
            post.name: switch_on(post.model(), habits, enrolled)
            for post in posts
            if isinstance(post.row, BleModel)
        }
        self._wired: dict[str, WiredDevice] = {
            post.name: _wired(post, post.row, directory, seed)
            for post in posts
            if isinstance(post.row, WiredRow)
        }

    @property
    def devices(self) -> Mapping[str, VirtualDevice]:
        """Every device by name."""
        return {**self._ble, **self._wired}

    @property
    def serial(self) -> Mapping[str, Path]:
        """The tty of every serial device by its name; there while it is plugged in."""
        return {name: device.line.path for name, device in self._wired.items()}

    async def start(self) -> None:
        """Start the bus and plug everything in; raises `BusError`."""
        self.bus_address = await self._bus.start()
        try:
            await self.bluez.start(self.bus_address)
        except BaseException:
            await self._bus.stop()
            raise
        for name in self.devices:
            self.plug(name)

    async def stop(self) -> None:
        """Switch everything off and leave nothing behind."""
        for device in self.devices.values():
            await device.stop()
        await self.bluez.stop()
        await self._bus.stop()

    async def __aenter__(self) -> Ward:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def measure(self, name: str, body: Body | None = None, fault: Fault | None = None) -> None:
        """Let a device measure `body`, else the next patient; raises `UnknownDeviceError`."""
        self.device(name).measure(body or next(self._bodies), fault)

    def plug(self, name: str) -> None:
        """Plug a serial device in, or bring a Bluetooth device within range."""
        device = self.device(name)
        if isinstance(device, BleDevice):
            self.bluez.add(device.peripheral)
        else:
            device.plug()

    def unplug(self, name: str) -> None:
        """Pull a serial device's cable, or take a Bluetooth device out of range."""
        device = self.device(name)
        if isinstance(device, BleDevice):
            self.bluez.remove(device.peripheral)
        else:
            device.unplug()

    def device(self, name: str) -> VirtualDevice:
        """Return a device by name; raises `UnknownDeviceError`."""
        if (found := self.devices.get(name)) is None:
            known = ", ".join(self.devices)
            raise UnknownDeviceError(f"no device {name!r} in the ward; there are {known}")
        return found

    def cards(self) -> list[Card]:
        """Describe every device."""
        ble = [
            _card(device, device.model.identity.model, device.model.identity.address)
            for device in self._ble.values()
        ]
        serial = [
            _card(device, device.model, str(device.line.path)) for device in self._wired.values()
        ]
        return ble + serial


def _wired(post: Post, row: WiredRow, directory: Path, seed: int) -> WiredDevice:
    tty = row.tty if post.number == 1 else f"{row.tty}-{post.number}"
    return row.make(directory / tty, seed + post.number - 1, post.name)


def _card(device: VirtualDevice, model: str, at: str) -> Card:
    faults = tuple(sorted(fault.value for fault in device.faults))
    return Card(device.name, model, device.link, at, faults)
