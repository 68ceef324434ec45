"""A ward: every simulated device of the catalogue in one process, on real wires.

The Bluetooth devices live on a private bus (`bus_address`, for DBUS_SYSTEM_BUS_ADDRESS), the
serial ones on ttys at the paths of `serial`. `measure` lets one of them measure; what follows
takes as long as with a real device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, patients
from devices.simulators.bus import PrivateBus
from devices.simulators.faults import Fault
from devices.simulators.gatt import Bond, Pairing
from devices.simulators.models import BLE_MODELS
from devices.simulators.peripherals import (
    BleDevice,
    BleModel,
    Habits,
    SpotDevice,
    StreamingOximeter,
)
from devices.simulators.serial_line import SerialLine
from devices.simulators.wired.ad_tm2657 import Tm2657
from devices.simulators.wired.cms50dplus import Cms50dPlus


class UnknownDeviceError(LookupError):
    """The ward has no device of that name."""


class VirtualDevice(Protocol):
    """What a ward asks of every device."""

    @property
    def name(self) -> str:
        """The name in the ward."""
        ...

    @property
    def faults(self) -> frozenset[Fault]:
        """The faults that this device can have."""
        ...

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start one act of measuring; raises `UnsupportedFaultError`."""
        ...

    async def stop(self) -> None:
        """Switch off for good."""
        ...


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
        self, directory: Path, seed: int = 0, habits: Habits | None = None, enrolled: bool = True
    ) -> None:
        self.bus_address = ""
        self.bluez = Bluez()
        self._bus = PrivateBus()
        self._bodies: Iterator[Body] = patients(seed)
        self._ble = [_ble_device(model, habits, enrolled) for model in BLE_MODELS]
        self._kiosk = Tm2657(directory / "ttyTM2657", seed=seed)
        self._oximeter = Cms50dPlus(directory / "ttyCMS50D", seed=seed)

    @property
    def devices(self) -> Mapping[str, VirtualDevice]:
        """Every device by name."""
        every: list[VirtualDevice] = [*self._ble, self._kiosk, self._oximeter]
        return {device.name: device for device in every}

    @property
    def serial(self) -> Mapping[str, Path]:
        """The tty of every serial device by its name; there while it is plugged in."""
        return {name: line.path for name, line in self._lines().items()}

    async def start(self) -> None:
        """Start the bus and plug everything in; raises `BusError`."""
        self.bus_address = await self._bus.start()
        try:
            await self.bluez.start(self.bus_address)
        except BaseException:
            await self._bus.stop()
            raise
        for device in self._ble:
            self.bluez.add(device.peripheral)
        for line in self._lines().values():
            line.plug()

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
            self._lines()[name].plug()

    def unplug(self, name: str) -> None:
        """Pull a serial device's cable, or take a Bluetooth device out of range."""
        device = self.device(name)
        if isinstance(device, BleDevice):
            self.bluez.remove(device.peripheral)
        else:
            self._lines()[name].unplug()

    def device(self, name: str) -> VirtualDevice:
        """Return a device by name; raises `UnknownDeviceError`."""
        if (found := self.devices.get(name)) is None:
            known = ", ".join(self.devices)
            raise UnknownDeviceError(f"no device {name!r} in the ward; there are {known}")
        return found

    def cards(self) -> list[Card]:
        """Describe every device."""
        ble = [_card(d, d.model.identity.model, d.model.identity.address) for d in self._ble]
        serial = [_card(d, d.model, str(d.line.path)) for d in (self._kiosk, self._oximeter)]
        return ble + serial

    def _lines(self) -> dict[str, SerialLine]:
        return {d.name: d.line for d in (self._kiosk, self._oximeter)}


def _ble_device(
    model: BleModel, habits: Habits | None, enrolled: bool
) -> SpotDevice | StreamingOximeter:
    bond = Bond(Pairing.JUST_WORKS, bonded=enrolled) if model.pair_first else Bond()
    make = StreamingOximeter if model.streaming else SpotDevice
    return make(model, habits, bond)


def _card(
    device: SpotDevice | StreamingOximeter | Tm2657 | Cms50dPlus, model: str, at: str
) -> Card:
    faults = tuple(sorted(fault.value for fault in device.faults))
    return Card(device.name, model, device.link, at, faults)
