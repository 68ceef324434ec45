"""Encodes and decodes a command of channel "k": `[type, id, counter, kind, body]`.

It belongs to no session, so that it may travel on a stick as well. A replay is answered by the
box's counter: nothing that is not newer than the last command answered is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.model.command import Command
from sync.core import wire
from sync.core.wire import MessageError

CHANNEL = "k"
COMMAND = 32
MAX_TEXT = 64


def encode_command(command: Command) -> bytes:
    """Return the payload of a command."""
    fields = [COMMAND, command.id, command.counter, command.kind, dict(command.body)]
    return wire.dump(fields)


def decode_command(payload: bytes) -> Command:
    """Read a command; raises `MessageError`."""
    kind, command_id, counter, name, body = wire.load_array(payload, 5)
    if kind != COMMAND:
        raise MessageError(f"message {kind} is no command")
    fields: Mapping[object, object] = wire.take(dict, body)
    plain = {wire.text(k, MAX_TEXT): _plain(v) for k, v in fields.items()}
    return Command(
        wire.text(command_id, MAX_TEXT), wire.count(counter), wire.text(name, MAX_TEXT), plain
    )


def _plain(value: object) -> object:
    if value is not None and not isinstance(value, bool | int | str):
        raise MessageError(f"a command's body cannot hold {type(value).__name__}")
    return value
