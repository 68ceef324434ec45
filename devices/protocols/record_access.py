"""Record Access Control Point over Bluetooth LE: 2A52, how a meter's memory is read.

Sources: Glucose Service 1.0.1 (GLS), GSS Record Access Control Point. There is no builder for
"delete stored records": a box never erases a device.
"""

from __future__ import annotations

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor

SUCCESS, NO_RECORDS = 1, 6

CODES = {
    SUCCESS: "success",
    2: "op_code_not_supported",
    3: "invalid_operator",
    4: "operator_not_supported",
    5: "invalid_operand",
    NO_RECORDS: "no_records_found",
    7: "abort_unsuccessful",
    8: "procedure_not_completed",
    9: "operand_not_supported",
    10: "server_busy",
}
"""Response codes; finding no record is a normal end."""

_REPORT, _ABORT, _COUNT, _COUNT_RESPONSE, _RESPONSE = 1, 3, 4, 5, 6
_NULL, _ALL, _FROM, _LAST = 0, 1, 3, 6
_BY_SEQUENCE = 1


def report_all() -> bytes:
    """Ask for all records."""
    return bytes((_REPORT, _ALL))


def report_since(sequence: int) -> bytes:
    """Ask for the records from a sequence number on, itself included (0 to 65535)."""
    return bytes((_REPORT, _FROM, _BY_SEQUENCE)) + sequence.to_bytes(2, "little")


def report_last() -> bytes:
    """Ask for the newest record alone."""
    return bytes((_REPORT, _LAST))


def count_all() -> bytes:
    """Ask how many records there are."""
    return bytes((_COUNT, _ALL))


def abort() -> bytes:
    """Stop the running procedure."""
    return bytes((_ABORT, _NULL))


def decode(data: bytes) -> Fields:
    """Decode 2A52 in both directions: a count, a response, or a client's command as numbers."""
    cursor = Cursor(data)
    op, operator = cursor.unsigned(1), cursor.unsigned(1)
    if op == _COUNT_RESPONSE:
        return {"op": "count", "count": cursor.unsigned(2)}
    if op == _RESPONSE:
        return {"op": "response", "request": cursor.unsigned(1), "code": cursor.unsigned(1)}
    return {"op": op, "operator": operator, "operand": cursor.rest().hex()}


def no_reading(fields: Fields) -> None:
    """Return None: a control point is no measurement."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A52", "Record Access Control Point", decode, no_reading),
)
