"""BlueZ calls that bleak lacks: pairing agent, removing a bond, powering the adapter.

The agent (org.bluez.Agent1, KeyboardDisplay) is registered while a technician pairs one device,
and answers for that device alone; nothing else can be paired with the box meanwhile. Each call has
a bus connection of its own. What was not tried on hardware: docs/bluetooth.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

PAIR_S = 90.0
"""For all of one pairing: a person reads a number from a device and types it."""

CALL_S = 10.0
OFF_S = 1.0
"""How long the adapter stays off in a power cycle."""

_BLUEZ, _ROOT, _AGENT_PATH = "org.bluez", "/org/bluez", "/org/healthpost/agent"
_ADAPTER, _DEVICE, _AGENT = "org.bluez.Adapter1", "org.bluez.Device1", "org.bluez.Agent1"
_MANAGER = "org.bluez.AgentManager1"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_REJECTED = "org.bluez.Error.Rejected"
_FAILURES = (DBusError, OSError, EOFError, AuthError, InvalidAddressError)


class PairingError(Exception):
    """Pairing or the adapter failed; `kind` is BlueZ's word for it (AuthenticationFailed)."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(f"{kind}: {text}" if text else kind)
        self.kind = kind


class Technician(Protocol):
    """The person who pairs, as the agent sees them."""

    async def passkey(self) -> int | None:
        """Return the number that the device shows or has printed on it; None gives up."""
        ...

    async def show(self, number: str) -> None:
        """Show a number to compare with the device's display, or to be typed on it."""
        ...


async def pair(address: str, technician: Technician) -> None:
    """Pair with a device that was heard lately and trust it; raises `PairingError`."""
    async with _bus() as bus:
        path = await _device(bus, address)
        agent = _Agent(bus, path, technician)
        bus.add_message_handler(agent.receive)
        await _call(bus, _ROOT, _MANAGER, "RegisterAgent", "os", [_AGENT_PATH, "KeyboardDisplay"])
        try:
            await _call(bus, _ROOT, _MANAGER, "RequestDefaultAgent", "o", [_AGENT_PATH])
            try:
                await _call(bus, path, _DEVICE, "Pair", timeout_s=PAIR_S)
            except PairingError as error:
                if error.kind != "AlreadyExists":
                    raise
            await _set(bus, path, _DEVICE, "Trusted", Variant("b", True))
        finally:
            await agent.close()
            await _call(bus, _ROOT, _MANAGER, "UnregisterAgent", "o", [_AGENT_PATH])


async def forget(address: str) -> None:
    """Remove a device and its bond from BlueZ; nothing happens when it does not know it."""
    async with _bus() as bus:
        try:
            path = await _device(bus, address)
        except PairingError:
            return
        await _call(bus, path.rpartition("/")[0], _ADAPTER, "RemoveDevice", "o", [path])


async def power_cycle() -> None:
    """Switch every adapter off and on; raises `PairingError` when there is none or it stays off."""
    async with _bus() as bus:
        adapters = [path for path, known in (await _objects(bus)).items() if _ADAPTER in known]
        if not adapters:
            raise PairingError("NoAdapter")
        for path in adapters:
            await _set(bus, path, _ADAPTER, "Powered", Variant("b", False))
            await asyncio.sleep(OFF_S)
            await _set(bus, path, _ADAPTER, "Powered", Variant("b", True))


class _Agent:
    """Answers BlueZ's questions about one device; everything else is refused."""

    def __init__(self, bus: MessageBus, device: str, technician: Technician) -> None:
        self._bus = bus
        self._device = device
        self._technician = technician
        self._asking: set[asyncio.Task[None]] = set()

    def receive(self, message: Message) -> bool | None:
        """Take a call; the answer follows when the person has given it."""
        if message.message_type is not MessageType.METHOD_CALL or message.interface != _AGENT:
            return None
        task = asyncio.create_task(self._reply(message))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return True

    async def close(self) -> None:
        """Ask nobody any more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _reply(self, message: Message) -> None:
        answers: dict[str, Callable[[Message], Awaitable[Message | None]]] = {
            "RequestPasskey": self._passkey,
            "RequestPinCode": self._pin,
            "DisplayPasskey": self._display,
            "DisplayPinCode": self._display,
            "RequestConfirmation": self._display,
            "RequestAuthorization": self._agree,
            "AuthorizeService": self._agree,
        }
        member = message.member or ""
        if member in ("Release", "Cancel"):
            self._bus.send(Message.new_method_return(message))
            return
        ours = bool(message.body) and message.body[0] == self._device
        answer = await answers[member](message) if ours and member in answers else None
        self._bus.send(answer or Message.new_error(message, _REJECTED, "not asked for"))

    async def _passkey(self, message: Message) -> Message | None:
        number = await self._technician.passkey()
        return None if number is None else Message.new_method_return(message, "u", [number])

    async def _pin(self, message: Message) -> Message | None:
        number = await self._technician.passkey()
        return None if number is None else Message.new_method_return(message, "s", [str(number)])

    async def _display(self, message: Message) -> Message | None:
        """Show the number. A technician who asked for this very device agrees with it."""
        shown = message.body[1]
        await self._technician.show(f"{shown:06d}" if isinstance(shown, int) else str(shown))
        return Message.new_method_return(message)

    async def _agree(self, message: Message) -> Message | None:
        return Message.new_method_return(message)


@asynccontextmanager
async def _bus() -> AsyncIterator[MessageBus]:
    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        async with asyncio.timeout(CALL_S):
            await bus.connect()
    except (*_FAILURES, TimeoutError) as error:
        raise PairingError("NoBus", str(error)) from error
    try:
        yield bus
    finally:
        bus.disconnect()
        untyped: Any = bus
        await untyped.wait_for_disconnect()


async def _call(
    bus: MessageBus,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: list[object] | None = None,
    timeout_s: float = CALL_S,
) -> list[object]:
    call = Message(_BLUEZ, path, interface, member, signature=signature, body=body or [])
    try:
        async with asyncio.timeout(timeout_s):
            reply = await bus.call(call)
    except TimeoutError as error:
        raise PairingError("Timeout", member) from error
    except _FAILURES as error:
        raise PairingError("NoBus", str(error)) from error
    if reply is None or reply.message_type is MessageType.ERROR:
        name = (reply.error_name if reply else None) or "NoReply"
        raise PairingError(
            name.rpartition(".")[2], str(reply.body[0] if reply and reply.body else "")
        )
    answer: list[object] = reply.body
    return answer


async def _set(bus: MessageBus, path: str, interface: str, name: str, value: Variant) -> None:
    await _call(bus, path, _PROPERTIES, "Set", "ssv", [interface, name, value])


async def _objects(bus: MessageBus) -> dict[str, dict[str, dict[str, Variant]]]:
    (found,) = await _call(bus, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    assert isinstance(found, dict)
    return found


async def _device(bus: MessageBus, address: str) -> str:
    for path, known in (await _objects(bus)).items():
        if _DEVICE in known and known[_DEVICE]["Address"].value.upper() == address.upper():
            return path
    raise PairingError("NotHeard")
