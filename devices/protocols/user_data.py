"""User Data over Bluetooth LE: 2A9F, the control point by which a scale lends a user slot.

Sources: User Data Service 1.1 (UDS), GSS User Control Point. A scale with several users sends its
measurements only to who has given a user's code. There is no builder for "delete user data": a box
never erases a device.
"""

from __future__ import annotations

from devices.driver import Fields
from devices.protocols.gatt_types import Cursor

UUID = "2A9F"
SUCCESS, NOT_AUTHORIZED = 1, 5
HIGHEST_CODE = 9999

RESPONSES = {
    SUCCESS: "success",
    2: "op_code_not_supported",
    3: "invalid_parameter",
    4: "operation_failed",
    NOT_AUTHORIZED: "user_not_authorized",
}

REGISTER, CONSENT = 1, 2
_RESPONSE = 0x20


def register(code: int) -> bytes:
    """Ask for a new user that is opened with `code` (0 to 9999)."""
    return bytes((REGISTER,)) + code.to_bytes(2, "little")


def consent(user: int, code: int) -> bytes:
    """Open a user with their code."""
    return bytes((CONSENT, user)) + code.to_bytes(2, "little")


def decode(data: bytes) -> Fields:
    """Decode an indication of 2A9F: which request it answers, how, and the user it made."""
    cursor = Cursor(data)
    op = cursor.unsigned(1)
    if op != _RESPONSE:
        return {"op": op}
    fields: dict[str, object] = {"op": "response", "request": cursor.unsigned(1)}
    fields["code"] = cursor.unsigned(1)
    if fields["code"] == SUCCESS and fields["request"] == REGISTER:
        fields["user"] = cursor.unsigned(1)
    return fields
