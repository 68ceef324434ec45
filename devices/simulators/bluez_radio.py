"""The emulated adapter's radio: discovery sessions, advertisements, links and bonds.

A device on the air goes: heard -> (Connect) connecting -> connected -> services resolved -> gone.
Unbonded devices are forgotten `forget_s` after they were last heard, as bluetoothd's
TemporaryTimeout does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from dbus_fast import Variant

from devices.simulators.bluez_gatt import GattTable
from devices.simulators.bluez_tree import ADAPTER, DEVICE, BluezError, ObjectTree
from devices.simulators.gatt import Pairing, Peripheral
from devices.simulators.tasks import Tasks

ADAPTER_PATH = "/org/bluez/hci0"
PAIR_S = 0.02


@dataclass(frozen=True, slots=True)
class RadioTiming:
    """The adapter's own habits, in seconds.

    A real `Disconnect` takes about 2 s (bluetoothd's DISCONNECT_TIMER); 0 keeps tests quick.
    """

    disconnect_s: float = 0.0
    forget_s: float = 30.0


Filter = Mapping[str, object]
AskPasskey = Callable[[str, str], Awaitable[int | None]]
"""(client, device path) -> the passkey that the client's agent gives, or None."""


class Radio:
    """Everything that happens on the air of one adapter."""

    def __init__(self, tree: ObjectTree, timing: RadioTiming, max_connections: int) -> None:
        self._tree = tree
        self._timing = timing
        self._max_connections = max_connections
        self._gatt = GattTable(tree)
        self._tasks = Tasks()
        self._in_range: dict[str, asyncio.Event] = {}
        self._peripherals: dict[str, Peripheral] = {}
        self._connecting: dict[str, asyncio.Task[object]] = {}
        self._filters: dict[str, Filter] = {}
        self._sessions: dict[str, Filter] = {}
        self._forget: dict[str, asyncio.TimerHandle] = {}
        self._rng = random.Random(0)
        self.aborts = 0
        """How many of the next links come up for a moment and are aborted."""

    @property
    def gatt(self) -> GattTable:
        """The GATT servers of connected peripherals."""
        return self._gatt

    async def close(self) -> None:
        """Leave the air: lose every link, end every task and timer."""
        for path in self._peripherals:
            self.cancel_connect(path)
            self.link_down(path)
        for timer in self._forget.values():
            timer.cancel()
        await self._tasks.close()
        for peripheral in self._peripherals.values():
            await peripheral.tasks.close()

    def add(self, peripheral: Peripheral) -> None:
        """Bring a peripheral within range, for the first time or again."""
        path = device_path(peripheral)
        if path not in self._peripherals:
            self._peripherals[path] = peripheral
            self._in_range[path] = asyncio.Event()
            peripheral.hang_up = lambda: self.link_down(path)
            self._tasks.spawn(self._advertise(path, peripheral))
        self._in_range[path].set()

    def remove(self, peripheral: Peripheral) -> None:
        """Take a peripheral out of range; its link is lost."""
        path = device_path(peripheral)
        self._in_range[path].clear()
        self.link_down(path)

    def connected(self, path: str) -> bool:
        """Whether the link to a device is up."""
        return self._tree.flag(path, DEVICE, "Connected")

    # --- discovery -----------------------------------------------------------------------------

    def set_filter(self, client: str, wanted: Filter) -> None:
        """Remember a client's discovery filter for its next session."""
        self._filters[client] = wanted

    def start_discovery(self, client: str) -> None:
        """Open a client's discovery session; one per client."""
        if client in self._sessions:
            raise BluezError("InProgress", "Operation already in progress")
        self._sessions[client] = self._filters.get(client, {})
        self._tree.change(ADAPTER_PATH, ADAPTER, {"Discovering": Variant("b", True)})

    def stop_discovery(self, client: str) -> None:
        """Close a client's discovery session."""
        if self._sessions.pop(client, None) is None:
            raise BluezError("Failed", "No discovery started")
        if not self._sessions:
            self._silence()

    def power_off(self) -> None:
        """Lose every link and every discovery session, as an adapter that is switched off."""
        for path in list(self._peripherals):
            self.cancel_connect(path)
            self.link_down(path)
        self._sessions.clear()
        self._silence()

    def forget_client(self, client: str) -> None:
        """End what belonged to a client that left the bus; links stay up, as in BlueZ."""
        self._filters.pop(client, None)
        if client in self._sessions:
            self.stop_discovery(client)
        self._gatt.forget_client(client)

    def _silence(self) -> None:
        for path in self._peripherals:
            self._tree.change(path, DEVICE, {}, ["RSSI"])
        self._tree.change(ADAPTER_PATH, ADAPTER, {"Discovering": Variant("b", False)})

    # --- advertisements ------------------------------------------------------------------------

    async def _advertise(self, path: str, peripheral: Peripheral) -> None:
        if peripheral.bond.bonded:
            self._tree.add(path, {DEVICE: _device_properties(peripheral)})
        while True:
            await self._on_air(path)
            if not self.connected(path) and self._wanted(peripheral):
                self._heard(path, peripheral)
            await asyncio.sleep(peripheral.timing.advertising_interval_s)

    async def _on_air(self, path: str) -> None:
        """Wait until a device is both near and advertising."""
        near, awake = self._in_range[path], self._peripherals[path].awake
        while not (near.is_set() and awake.is_set()):
            await near.wait()
            await awake.wait()

    def _wanted(self, peripheral: Peripheral) -> bool:
        return any(_matches(wanted, peripheral) for wanted in self._sessions.values())

    def _heard(self, path: str, peripheral: Peripheral) -> None:
        rssi = {"RSSI": Variant("n", -55 + self._rng.randint(-4, 4))}
        if path in self._tree.objects:
            self._tree.change(path, DEVICE, {**rssi, **_service_data(peripheral)})
        else:
            self._tree.add(path, {DEVICE: {**_device_properties(peripheral), **rssi}})
        self._plan_forgetting(path, peripheral)

    def _plan_forgetting(self, path: str, peripheral: Peripheral) -> None:
        if (timer := self._forget.pop(path, None)) is not None:
            timer.cancel()
        if not peripheral.bond.bonded:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self._timing.forget_s, self._forget_device, path)
            self._forget[path] = timer

    def _forget_device(self, path: str) -> None:
        self._forget.pop(path, None)
        if not self.connected(path) and path not in self._connecting:
            self._tree.remove_below(path)
            self._tree.remove(path)

    # --- links ---------------------------------------------------------------------------------

    async def connect(self, path: str) -> None:
        """Bring the link up; waits for the device's next advertisement, as a controller does."""
        if self.connected(path):
            return
        if path in self._connecting:
            raise BluezError("InProgress", "Operation already in progress")
        self._check_slots()
        task = asyncio.ensure_future(self._establish(path))
        self._connecting[path] = task
        try:
            await task
        except asyncio.CancelledError:
            raise BluezError("Failed", "le-connection-abort-by-local") from None
        finally:
            self._connecting.pop(path, None)
        self._link_up(path)

    def cancel_connect(self, path: str) -> None:
        """Abort a pending `connect`; its caller gets an error."""
        if (pending := self._connecting.get(path)) is not None:
            pending.cancel()

    async def disconnect(self, path: str) -> None:
        """Take the link down from the host's side."""
        self.cancel_connect(path)
        if self.connected(path):
            await asyncio.sleep(self._timing.disconnect_s)
        self.link_down(path)

    def link_down(self, path: str) -> None:
        """Lose the link, whoever wanted it."""
        if not self.connected(path):
            return
        peripheral = self._peripherals[path]
        self._tree.change(path, DEVICE, {"ServicesResolved": Variant("b", False)})
        self._gatt.withdraw(path, keep=peripheral.bond.bonded)
        self._tree.change(path, DEVICE, {"Connected": Variant("b", False)})
        self._plan_forgetting(path, peripheral)
        peripheral.tasks.cancel()
        peripheral.on_disconnected()

    def _check_slots(self) -> None:
        used = len(self._connecting) + sum(self.connected(p) for p in self._peripherals)
        if used >= self._max_connections:
            raise BluezError("Failed", "Connection Limit Exceeded")

    async def _establish(self, path: str) -> None:
        await asyncio.sleep(self._peripherals[path].timing.connect_s)
        await self._on_air(path)
        bond = self._peripherals[path].bond
        if self.aborts:
            self.aborts -= 1
            self._tree.change(path, DEVICE, {"Connected": Variant("b", True)})
            await asyncio.sleep(self._peripherals[path].timing.connect_s)
            self._tree.change(path, DEVICE, {"Connected": Variant("b", False)})
            raise BluezError("Failed", "le-connection-abort-by-local")
        if bond.bonded and bond.forgotten:  # the peripheral answers that it has no such key
            raise BluezError("AuthenticationFailed", "Authentication Failed")

    def _link_up(self, path: str) -> None:
        peripheral = self._peripherals[path]
        self._tree.change(path, DEVICE, {"Connected": Variant("b", True)}, ["RSSI"])
        peripheral.tasks.spawn(self._resolve(path, peripheral))
        if (delay_s := peripheral.timing.drop_after_connect_s) is not None:
            peripheral.tasks.spawn(self._drop(path, delay_s))

    async def _drop(self, path: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self.link_down(path)

    async def _resolve(self, path: str, peripheral: Peripheral) -> None:
        """Discover services: every GATT object is on the bus before ServicesResolved says so."""
        await asyncio.sleep(peripheral.timing.resolve_s)
        self._gatt.publish(path, peripheral)
        peripheral.on_connected()
        uuids = sorted({*peripheral.advertised, *(s.uuid for s in peripheral.services)})
        resolved = {"ServicesResolved": Variant("b", True), "UUIDs": Variant("as", uuids)}
        self._tree.change(path, DEVICE, resolved)

    # --- bonds ---------------------------------------------------------------------------------

    async def pair(self, path: str, client: str, ask: AskPasskey) -> None:
        """Bond with a device by its own rule; raises what BlueZ raises."""
        bond = self._peripherals[path].bond
        if bond.bonded:
            raise BluezError("AlreadyExists", "Already Exists")
        await self.connect(path)
        agreed = bond.pairing is Pairing.JUST_WORKS
        if bond.pairing is Pairing.PASSKEY:
            agreed = await ask(client, path) == bond.passkey
        if not agreed:
            self.link_down(path)
            raise BluezError("AuthenticationFailed", "Authentication Failed")
        await asyncio.sleep(PAIR_S)
        bond.bonded, bond.forgotten = True, False
        paired = {"Paired": Variant("b", True), "Bonded": Variant("b", True)}
        self._tree.change(path, DEVICE, paired)

    def remove_device(self, path: str) -> None:
        """Forget a device and its bond on the host's side."""
        if path not in self._tree.objects:
            raise BluezError("DoesNotExist", "Does Not Exist")
        self.cancel_connect(path)
        self.link_down(path)
        self._peripherals[path].bond.bonded = False
        self._forget_device(path)


def device_path(peripheral: Peripheral) -> str:
    """Return the D-Bus path of a peripheral."""
    return f"{ADAPTER_PATH}/dev_{peripheral.identity.address.replace(':', '_')}"


def _matches(wanted: Filter, peripheral: Peripheral) -> bool:
    uuids = wanted.get("UUIDs")
    if not isinstance(uuids, list) or not uuids:
        return True
    return bool({str(uuid).lower() for uuid in uuids} & set(peripheral.advertised))


def _device_properties(peripheral: Peripheral) -> dict[str, Variant]:
    identity, bonded = peripheral.identity, peripheral.bond.bonded
    return {
        "Address": Variant("s", identity.address),
        "AddressType": Variant("s", "public"),
        "Name": Variant("s", identity.name),
        "Alias": Variant("s", identity.name),
        "Paired": Variant("b", bonded),
        "Bonded": Variant("b", bonded),
        "Trusted": Variant("b", bonded),
        "Blocked": Variant("b", False),
        "LegacyPairing": Variant("b", False),
        "Connected": Variant("b", False),
        "ServicesResolved": Variant("b", False),
        "UUIDs": Variant("as", list(peripheral.advertised)),
        "Adapter": Variant("o", ADAPTER_PATH),
        "AdvertisingFlags": Variant("ay", b"\x06"),
        **_service_data(peripheral),
    }


def _service_data(peripheral: Peripheral) -> dict[str, Variant]:
    if not peripheral.service_data:
        return {}
    data = {uuid: Variant("ay", value) for uuid, value in peripheral.service_data.items()}
    return {"ServiceData": Variant("a{sv}", data)}
