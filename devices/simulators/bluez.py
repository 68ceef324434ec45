"""Emulates bluetoothd's D-Bus interface on a private bus, enough for an unmodified bleak.

The only seam is the bus address: a client that finds it in DBUS_SYSTEM_BUS_ADDRESS runs its
production code against these objects. Raw message handling, because the daemon's replies come
late, its properties come and go, and its sessions belong to clients.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Collection

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio.message_bus import MessageBus

from devices.simulators.bluez_gatt import EMPTY, Answer
from devices.simulators.bluez_radio import ADAPTER_PATH, Radio, RadioTiming
from devices.simulators.bluez_tree import (
    ADAPTER,
    AGENT,
    AGENT_MANAGER,
    CHARACTERISTIC,
    DEVICE,
    OBJECT_MANAGER,
    PROPERTIES,
    BluezError,
    ObjectTree,
)
from devices.simulators.bus import connect, disconnect
from devices.simulators.gatt import Peripheral
from devices.simulators.tasks import Tasks

TRACE_LIMIT = 1000
DBUS = "org.freedesktop.DBus"

_Handler = Callable[[Message], Awaitable[Answer]]
_UNASKED = {"org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable"}


class Bluez:
    """The service org.bluez with one adapter and any number of virtual peripherals."""

    def __init__(
        self, timing: RadioTiming | None = None, max_connections: int = 7, name: str = "healthpost"
    ) -> None:
        self._tree = ObjectTree(self._send)
        self._radio = Radio(self._tree, timing or RadioTiming(), max_connections)
        self._name = name
        self._agents: dict[str, tuple[str, str]] = {}
        self._refusals: dict[str, deque[BluezError]] = {}
        self._tasks = Tasks()
        self._bus: MessageBus | None = None
        self._handlers = self._table()
        self.calls: deque[tuple[str, str]] = deque(maxlen=TRACE_LIMIT)

    async def start(self, address: str) -> None:
        """Appear as org.bluez on the bus at `address`."""
        self._bus = await connect(address)
        self._bus.add_message_handler(self._receive)
        rule = f"type='signal',sender='{DBUS}',member='NameOwnerChanged'"
        call = Message(DBUS, "/org/freedesktop/DBus", DBUS, "AddMatch", signature="s", body=[rule])
        await self._bus.call(call)
        self._tree.objects["/org/bluez"] = {AGENT_MANAGER: {}}
        self._tree.objects[ADAPTER_PATH] = {ADAPTER: _adapter_properties(self._name)}
        await self._bus.request_name("org.bluez")

    async def stop(self) -> None:
        """Leave the bus, as a daemon that ends."""
        await self._radio.close()
        await self._tasks.close()
        bus, self._bus = self._bus, None
        if bus is not None:
            await disconnect(bus)

    @property
    def objects(self) -> Collection[str]:
        """The paths of every object on the bus."""
        return self._tree.objects.keys()

    def add(self, peripheral: Peripheral) -> None:
        """Bring a peripheral within range."""
        self._radio.add(peripheral)

    def remove(self, peripheral: Peripheral) -> None:
        """Take a peripheral out of range."""
        self._radio.remove(peripheral)

    def set_powered(self, on: bool) -> None:
        """Switch the adapter, as rfkill or a pulled USB dongle does."""
        if not on:
            self._radio.power_off()
        self._tree.change(ADAPTER_PATH, ADAPTER, {"Powered": Variant("b", on)})

    def refuse(self, member: str, error: str, text: str = "", times: int = 1) -> None:
        """Answer the next `times` calls of `member` with an error of org.bluez."""
        waiting = self._refusals.setdefault(member, deque())
        waiting.extend([BluezError(error, text)] * times)

    def abort_connections(self, times: int) -> None:
        """Let the next links be made for a moment and aborted, as interference does."""
        self._radio.aborts = times

    # --- messages ------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        if self._bus is not None and self._bus.connected:
            self._bus.send(message)

    def _receive(self, message: Message) -> bool | None:
        if message.message_type is MessageType.SIGNAL:
            self._notice(message)
            return None
        if message.message_type is not MessageType.METHOD_CALL or message.interface in _UNASKED:
            return None
        self.calls.append((message.path or "", message.member or ""))
        self._tasks.spawn(self._reply(message))
        return True

    def _notice(self, message: Message) -> None:
        """End a client's sessions when it leaves the bus (NameOwnerChanged to nobody)."""
        if message.member != "NameOwnerChanged" or not message.body:
            return
        name, _, owner = message.body
        if name.startswith(":") and not owner:
            self._agents.pop(name, None)
            self._radio.forget_client(name)

    async def _reply(self, message: Message) -> None:
        try:
            if waiting := self._refusals.get(message.member or ""):
                raise waiting.popleft()
            signature, body = await self._handle(message)
            reply = Message.new_method_return(message, signature, body)
        except BluezError as error:
            reply = Message.new_error(message, error.name, error.text)
        self._send(reply)

    async def _handle(self, message: Message) -> Answer:
        interface, member = message.interface or "", message.member or ""
        if interface == OBJECT_MANAGER:
            return "a{oa{sa{sv}}}", [self._tree.objects]
        if interface != PROPERTIES:
            self._tree.interface(message.path or "", interface)
        if interface == CHARACTERISTIC:
            return await self._radio.gatt.call(message)
        if interface in (ADAPTER, DEVICE):
            self._check_powered(member)
        handler = self._handlers.get((interface, member))
        if handler is None:
            unknown = f"{interface}.{member}"
            raise BluezError("org.freedesktop.DBus.Error.UnknownMethod", unknown)
        return await handler(message)

    def _table(self) -> dict[tuple[str, str], _Handler]:
        return {
            (PROPERTIES, "Get"): self._get,
            (PROPERTIES, "GetAll"): self._get_all,
            (PROPERTIES, "Set"): self._set,
            (AGENT_MANAGER, "RegisterAgent"): self._register_agent,
            (AGENT_MANAGER, "UnregisterAgent"): self._unregister_agent,
            (AGENT_MANAGER, "RequestDefaultAgent"): self._nothing,
            (ADAPTER, "SetDiscoveryFilter"): self._set_filter,
            (ADAPTER, "StartDiscovery"): self._start_discovery,
            (ADAPTER, "StopDiscovery"): self._stop_discovery,
            (ADAPTER, "RemoveDevice"): self._remove_device,
            (DEVICE, "Connect"): self._connect,
            (DEVICE, "Disconnect"): self._disconnect,
            (DEVICE, "Pair"): self._pair,
        }

    def _check_powered(self, member: str) -> None:
        if member != "RemoveDevice" and not self._tree.flag(ADAPTER_PATH, ADAPTER, "Powered"):
            raise BluezError("NotReady", "Resource Not Ready")

    # --- answers -------------------------------------------------------------------------------

    async def _nothing(self, _: Message) -> Answer:
        return EMPTY

    async def _get(self, message: Message) -> Answer:
        interface, name = message.body
        properties = self._tree.interface(message.path or "", interface)
        if name not in properties:
            raise BluezError("org.freedesktop.DBus.Error.InvalidArgs", f"No such property '{name}'")
        return "v", [properties[name]]

    async def _get_all(self, message: Message) -> Answer:
        return "a{sv}", [self._tree.interface(message.path or "", message.body[0])]

    async def _set(self, message: Message) -> Answer:
        interface, name, value = message.body
        self._tree.interface(message.path or "", interface)
        if (interface, name) == (ADAPTER, "Powered"):
            self.set_powered(bool(value.value))
        else:
            self._tree.change(message.path or "", interface, {name: value})
        return EMPTY

    async def _register_agent(self, message: Message) -> Answer:
        path, capability = message.body
        self._agents[message.sender or ""] = (path, capability or "KeyboardDisplay")
        return EMPTY

    async def _unregister_agent(self, message: Message) -> Answer:
        if self._agents.pop(message.sender or "", None) is None:
            raise BluezError("DoesNotExist", "Does Not Exist")
        return EMPTY

    async def _set_filter(self, message: Message) -> Answer:
        wanted = {name: value.value for name, value in message.body[0].items()}
        self._radio.set_filter(message.sender or "", wanted)
        return EMPTY

    async def _start_discovery(self, message: Message) -> Answer:
        self._radio.start_discovery(message.sender or "")
        return EMPTY

    async def _stop_discovery(self, message: Message) -> Answer:
        self._radio.stop_discovery(message.sender or "")
        return EMPTY

    async def _remove_device(self, message: Message) -> Answer:
        self._radio.remove_device(message.body[0])
        return EMPTY

    async def _connect(self, message: Message) -> Answer:
        await self._radio.connect(message.path or "")
        return EMPTY

    async def _disconnect(self, message: Message) -> Answer:
        await self._radio.disconnect(message.path or "")
        return EMPTY

    async def _pair(self, message: Message) -> Answer:
        await self._radio.pair(message.path or "", message.sender or "", self._ask_passkey)
        return EMPTY

    async def _ask_passkey(self, client: str, device: str) -> int | None:
        """Ask the pairing client's agent, else any other agent, for a passkey."""
        owner = client if client in self._agents else next(iter(self._agents), None)
        if owner is None or self._bus is None:
            return None
        path, capability = self._agents[owner]
        if capability in ("NoInputNoOutput", "DisplayOnly"):
            return None
        call = Message(owner, path, AGENT, "RequestPasskey", signature="o", body=[device])
        reply = await self._bus.call(call)
        if reply is None or reply.message_type is MessageType.ERROR:
            return None
        return int(reply.body[0])


def _adapter_properties(name: str) -> dict[str, Variant]:
    return {
        "Address": Variant("s", "B8:27:EB:00:00:01"),
        "AddressType": Variant("s", "public"),
        "Name": Variant("s", name),
        "Alias": Variant("s", name),
        "Class": Variant("u", 0),
        "Powered": Variant("b", True),
        "Discoverable": Variant("b", False),
        "DiscoverableTimeout": Variant("u", 180),
        "Pairable": Variant("b", True),
        "PairableTimeout": Variant("u", 0),
        "Discovering": Variant("b", False),
        "UUIDs": Variant("as", []),
        "Modalias": Variant("s", "usb:v1D6Bp0246d0542"),
        "Roles": Variant("as", ["central", "peripheral"]),
    }
