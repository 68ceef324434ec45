"""The object tree of the emulated bluetoothd, and the signals that announce its changes.

Properties may be absent, appear later and be invalidated, as the real daemon's are (no Name, no
RSSI until heard); that is why this is a plain tree and not a set of declared interfaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dbus_fast import Message, MessageType, Variant

ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
AGENT = "org.bluez.Agent1"
AGENT_MANAGER = "org.bluez.AgentManager1"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"

Properties = dict[str, Variant]
Interfaces = dict[str, Properties]


class BluezError(Exception):
    """An answer by D-Bus error; a name without dots is one of org.bluez.Error."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(f"{name}: {text}")
        self.name = name if "." in name else f"org.bluez.Error.{name}"
        self.text = text


class ObjectTree:
    """Objects by path; every change goes out as the signal that BlueZ would send."""

    def __init__(self, send: Callable[[Message], object]) -> None:
        self._send = send
        self.objects: dict[str, Interfaces] = {}

    def add(self, path: str, interfaces: Interfaces) -> None:
        """Add an object and announce it."""
        self.objects[path] = interfaces
        self._signal("/", OBJECT_MANAGER, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def remove(self, path: str) -> None:
        """Remove an object, if it is there, and announce it."""
        gone = self.objects.pop(path, None)
        if gone is not None:
            body: list[object] = [path, list(gone)]
            self._signal("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", body)

    def remove_below(self, path: str) -> None:
        """Remove everything under a path, leaves first."""
        for child in sorted((o for o in self.objects if o.startswith(path + "/")), reverse=True):
            self.remove(child)

    def change(
        self,
        path: str,
        interface: str,
        properties: Mapping[str, Variant],
        invalidated: Iterable[str] = (),
    ) -> None:
        """Set and invalidate properties and announce them, even when the value is the same."""
        known = self.objects.get(path, {}).get(interface)
        if known is None:
            return
        gone = [name for name in invalidated if name in known]
        for name in gone:
            del known[name]
        known.update(properties)
        if properties or gone:
            body: list[object] = [interface, dict(properties), gone]
            self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def flag(self, path: str, interface: str, name: str) -> bool:
        """Return a boolean property; False when the object or the property is absent."""
        found = self.objects.get(path, {}).get(interface, {}).get(name)
        return found is not None and bool(found.value)

    def interface(self, path: str, name: str) -> Properties:
        """Return the properties of one interface; raises the errors that D-Bus clients expect."""
        if path not in self.objects:
            raise BluezError("org.freedesktop.DBus.Error.UnknownObject", f"no object {path}")
        if name not in self.objects[path]:
            raise BluezError("org.freedesktop.DBus.Error.UnknownInterface", name)
        return self.objects[path][name]

    def _signal(
        self, path: str, interface: str, member: str, signature: str, body: list[object]
    ) -> None:
        self._send(
            Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=body,
            )
        )
