"""Virtual Bluetooth devices of the catalogue: switch on, measure, advertise, indicate, hang up.

A spot device (cuff, thermometer, scale, fingertip oximeter) keeps each measurement in its memory,
advertises for a while, indicates what it holds to whoever writes the CCCD, erases what was
confirmed and hangs up. A streaming oximeter is on the air while a finger is in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from devices.simulators.bodies import Body
from devices.simulators.clockwork import DeviceClock
from devices.simulators.encodings import (
    current_time,
    date_time,
    parse_current_time,
    parse_date_time,
)
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.gatt import (
    AttCode,
    AttError,
    Bond,
    Characteristic,
    Identity,
    LinkTiming,
    Pairing,
    Peripheral,
    Service,
    battery,
    device_information,
    uuid128,
)
from devices.simulators.tasks import Tasks

DATE_TIME = 0x2A08
CURRENT_TIME = 0x2A2B
CURRENT_TIME_SERVICE = 0x1805
BATTERY_LEVEL = 0x2A19
MEMORY_LIMIT = 30
FULL_BATTERY_PERCENT = 90
LOW_BATTERY_PERCENT = 5

COMMON_FAULTS = frozenset({Fault.DROP, Fault.TRUNCATED, Fault.NAN, Fault.LOW_BATTERY, Fault.MUTE})


@dataclass(frozen=True, slots=True)
class DeviceTimes:
    """How long a device takes its time, in seconds.

    `advertise_s` on the air after a measurement, `settle_s` between the CCCD and the first value,
    `gap_s` between values, `hang_up_s` after the last one, `idle_s` connected without any.
    A streaming device sends every `sample_s` for `stream_s`, then "no finger" for `out_s`.
    """

    advertise_s: float = 30.0
    settle_s: float = 0.05
    gap_s: float = 0.02
    hang_up_s: float = 1.5
    idle_s: float = 15.0
    sample_s: float = 0.5
    stream_s: float = 20.0
    out_s: float = 1.5


class Memory(StrEnum):
    """What a spot device does with what it has sent."""

    ERASES = "erases"
    """Each value leaves the memory once it was sent."""
    REPEATS = "repeats"
    """All of the memory is sent on each connection."""
    LATEST = "latest"
    """Only the last value is sent, on each connection again."""


Encode = Callable[[Body | None, datetime], bytes]
"""Measure a body and encode the value; without a body the measurement failed."""


@dataclass(frozen=True, slots=True)
class BleModel:
    """What a kind of Bluetooth device is made of: identity, profile, encoder, possible faults.

    `behaves` is its class where streaming or a spot check does not say it all. `passkey` is the
    number that a device shows or has printed on it; 0 pairs without one.
    """

    slug: str
    identity: Identity
    service: int | str
    measurement: int | str
    encode: Encode
    features: dict[int, bytes] = field(default_factory=dict)
    clock: int | None = None
    streaming: bool = False
    pair_first: bool = False
    faults: frozenset[Fault] = COMMON_FAULTS
    behaves: type[BleDevice] | None = None
    memory: Memory = Memory.ERASES
    also_advertises: tuple[int, ...] = ()
    passkey: int = 0


class BleDevice:
    """What spot and streaming devices share: the GATT server, clock, battery and air time."""

    link = "ble"

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        self.model = model
        self.habits = habits or DeviceTimes()
        self.clock = DeviceClock()
        self._tasks = Tasks()
        self._window: asyncio.TimerHandle | None = None
        self._idle: asyncio.Task[None] | None = None
        bond = bond or Bond()
        self.value = Characteristic(
            uuid128(model.measurement),
            ("notify",) if model.streaming else ("indicate",),
            on_subscribe=self._subscribed,
            secure=bond.pairing is not Pairing.NONE,
        )
        self.peripheral = Peripheral(
            identity=model.identity,
            advertised=tuple(uuid128(u) for u in (model.service, *model.also_advertises)),
            services=self._services(),
            timing=LinkTiming(),
            bond=bond,
            on_connected=self._connected,
            on_disconnected=self._disconnected,
        )

    @property
    def name(self) -> str:
        """The device's name in a ward."""
        return self.model.slug

    @property
    def faults(self) -> frozenset[Fault]:
        """The faults that this device can have; one that bonds can forget its bond."""
        bonds = self.peripheral.bond.pairing is not Pairing.NONE
        return self.model.faults | ({Fault.STALE_BOND} if bonds else set())

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start one act of measuring; raises `UnsupportedFaultError`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Switch off for good."""
        self._sleep()
        await self._tasks.close()

    def _services(self) -> list[Service]:
        own = [self.value, *self._own()]
        own += [Characteristic(uuid128(u), ("read",), v) for u, v in self.model.features.items()]
        clock = [] if self.model.clock is None else [self._clock(self.model.clock)]
        if self.model.clock == DATE_TIME:  # A&D keep it in the service of the measurement
            own, clock = own + clock, []
        return [
            Service(uuid128(self.model.service), tuple(own)),
            *self._others(),
            *[Service(uuid128(CURRENT_TIME_SERVICE), (each,)) for each in clock],
            device_information(self.model.identity),
            battery(FULL_BATTERY_PERCENT),
        ]

    def _own(self) -> list[Characteristic]:
        """Return what else stands in the service of the measurement."""
        return []

    def _others(self) -> list[Service]:
        """Return the services beside it."""
        return []

    def _clock(self, short: int) -> Characteristic:
        return Characteristic(
            uuid128(short), ("read", "write"), on_read=self._show_clock, on_write=self._set_clock
        )

    def _show_clock(self) -> bytes:
        encode = current_time if self.model.clock == CURRENT_TIME else date_time
        return encode(self.clock.now())

    def _set_clock(self, data: bytes) -> None:
        parse = parse_current_time if self.model.clock == CURRENT_TIME else parse_date_time
        try:
            self.clock.set(parse(data))
        except ValueError:
            raise AttError(AttCode.INVALID_LENGTH) from None

    def _prepare(self, fault: Fault | None) -> None:
        if fault is not None and fault not in self.faults:
            raise UnsupportedFaultError(self.name, fault)
        if not self.peripheral.awake.is_set():
            self.clock.switched_on()
        low = fault is Fault.LOW_BATTERY
        percent = LOW_BATTERY_PERCENT if low else FULL_BATTERY_PERCENT
        self.peripheral.characteristic(BATTERY_LEVEL).value = bytes([percent])
        if fault is Fault.WRONG_CLOCK:
            self.clock.lose()
        if fault is Fault.STALE_BOND:
            self.peripheral.bond.forgotten = self.peripheral.bond.bonded

    def _wake(self) -> None:
        """Advertise for a while; a new measurement starts the while again."""
        self._cancel_window()
        self.peripheral.awake.set()
        loop = asyncio.get_running_loop()
        self._window = loop.call_later(self.habits.advertise_s, self.peripheral.awake.clear)

    def _sleep(self) -> None:
        self._cancel_window()
        self.peripheral.awake.clear()
        self.peripheral.hang_up()

    def _cancel_window(self) -> None:
        if self._window is not None:
            self._window.cancel()
            self._window = None

    def _connected(self) -> None:
        self._idle = self.peripheral.tasks.spawn(self._hang_up_when_idle())

    async def _hang_up_when_idle(self) -> None:
        await asyncio.sleep(self.habits.idle_s)
        self._sleep()

    def _serve(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do what the subscriber came for; from here on the device is not idle."""
        if self._idle is not None:
            self._idle.cancel()
        return self.peripheral.tasks.spawn(work)

    def _disconnected(self) -> None:
        """Take note of a lost link."""

    def _subscribed(self) -> None:
        raise NotImplementedError


class SpotDevice(BleDevice):
    """Measures once, remembers, and hands its memory to whoever subscribes."""

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        super().__init__(model, habits, bond)
        self.memory: deque[bytes] = deque(maxlen=MEMORY_LIMIT)
        self._drop_next = False

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Measure a body now; raises `UnsupportedFaultError`."""
        self._prepare(fault)
        self._drop_next = fault is Fault.DROP
        if fault is not Fault.MUTE:
            self.memory.append(self._frame(body, fault))
        self._wake()
        if self.value.subscribed:
            self._subscribed()

    def _frame(self, body: Body, fault: Fault | None) -> bytes:
        failed = fault in (Fault.NAN, Fault.FINGER_OUT)
        frame = self.model.encode(None if failed else body, self.clock.now())
        return frame[: len(frame) // 2] if fault is Fault.TRUNCATED else frame

    def _subscribed(self) -> None:
        if self.memory:
            self._serve(self._hand_over())

    async def _hand_over(self) -> None:
        await asyncio.sleep(self.habits.settle_s)
        if self._drop_next:
            self._drop_next = False
            self.peripheral.hang_up()
            return
        erases = self.model.memory is Memory.ERASES
        left = list(self.memory)[-1 if self.model.memory is Memory.LATEST else 0 :]
        while left and self.value.subscribed:
            self.value.send(left.pop(0))
            if erases:
                self.memory.popleft()  # only once it was sent
                left = list(self.memory)
            await asyncio.sleep(self.habits.gap_s)
        await asyncio.sleep(self.habits.hang_up_s)
        if not (erases and self.memory):
            self._sleep()


class StreamingOximeter(BleDevice):
    """Streams while a finger is in it, then says so, hangs up and sleeps."""

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        super().__init__(model, habits, bond)
        self._body: Body | None = None
        self._fault: Fault | None = None
        self._until = 0.0
        self._streaming: asyncio.Task[None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Put a finger in for `stream_s` from the subscription on; another one leaves first."""
        self._prepare(fault)
        if self._streaming is not None:
            self._streaming.cancel()
        self._body, self._fault, self._until = body, fault, 0.0
        self._wake()
        if self.value.subscribed:
            self._subscribed()

    def _subscribed(self) -> None:
        if self._body is not None and self._fault is not Fault.MUTE:
            self._streaming = self._serve(self._stream(self._body))

    async def _stream(self, body: Body) -> None:
        if not self._until:  # a finger that was there before the link was lost is not searched for
            await self._no_finger()
        now = asyncio.get_running_loop().time
        self._until = self._until or now() + self._length_s()
        while self.value.subscribed and now() < self._until:
            self.value.send(self._frame(body))
            await asyncio.sleep(self.habits.sample_s)
            if self._fault is Fault.DROP:
                self._fault = None
                self.peripheral.hang_up()
                return
        self._body = None
        await self._no_finger()
        await asyncio.sleep(self.habits.hang_up_s)
        self._sleep()

    async def _no_finger(self) -> None:
        """Say "no finger", as between two fingers and while searching for a pulse."""
        for _ in range(max(1, round(self.habits.out_s / self.habits.sample_s))):
            if self.value.subscribed:
                self.value.send(self.model.encode(None, self.clock.now()))
            await asyncio.sleep(self.habits.sample_s)

    def _length_s(self) -> float:
        low = self._fault is Fault.LOW_BATTERY
        return self.habits.stream_s / 4 if low else self.habits.stream_s

    def _frame(self, body: Body) -> bytes:
        failed = self._fault in (Fault.NAN, Fault.FINGER_OUT)
        frame = self.model.encode(None if failed else body, self.clock.now())
        if self._fault is Fault.FLIPPED_BIT:
            frame = bytes((*frame[:2], frame[2] ^ 1, *frame[3:]))
        return frame[: len(frame) // 2] if self._fault is Fault.TRUNCATED else frame


def switch_on(
    model: BleModel, habits: DeviceTimes | None = None, enrolled: bool = True
) -> BleDevice:
    """Return a device of a model; an enrolled one is already paired when it has to be."""
    bond = Bond()
    if model.pair_first:
        rule = Pairing.PASSKEY if model.passkey else Pairing.JUST_WORKS
        bond = Bond(rule, model.passkey, bonded=enrolled)
    behaves = model.behaves or (StreamingOximeter if model.streaming else SpotDevice)
    return behaves(model, habits, bond)
