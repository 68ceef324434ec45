"""What the Bluetooth measurement characteristics share: numbers, dates, flags, a bounded cursor.

IEEE 11073-20601 SFLOAT and FLOAT become `Decimal`, or the name of their special value as a string;
a special is never a number. Layouts follow the GATT Specification Supplement (GSS).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from devices.driver import DecodeError
from edge.model.reading import Value

Number = Decimal | str
"""A number, or "NaN", "NRes", "+INF", "-INF", "RFU"."""

NO_USER = 0xFF

_ABSURD = 10**9
"""FLOAT reaches 8e133; nothing measured on a person comes near this."""

_SPECIAL_16 = {0x07FF: "NaN", 0x0800: "NRes", 0x07FE: "+INF", 0x0802: "-INF", 0x0801: "RFU"}
_SPECIAL_32 = {
    0x007FFFFF: "NaN",
    0x00800000: "NRes",
    0x007FFFFE: "+INF",
    0x00800002: "-INF",
    0x00800001: "RFU",
}


class Cursor:
    """Reads a characteristic value from left to right; `DecodeError("truncated")` past its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Return how many bytes were not read yet."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Take the next `size` bytes."""
        start = self._at
        end = start + size
        if end > len(self._data):
            raise DecodeError(
                "truncated",
                f"{len(self._data)} bytes, at least {end} needed: {self._data.hex()}",
            )
        self._at = end
        return self._data[start:end]

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(self.left)

    def unsigned(self, size: int) -> int:
        """Take a little-endian unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def signed(self, size: int) -> int:
        """Take a little-endian two's complement integer of `size` bytes."""
        return int.from_bytes(self.take(size), "little", signed=True)

    def sfloat(self) -> Number:
        """Take an SFLOAT: 12-bit mantissa, 4-bit exponent to the base 10."""
        return sfloat(self.unsigned(2))

    def float32(self) -> Number:
        """Take a FLOAT: 24-bit mantissa, 8-bit exponent to the base 10."""
        raw = self.unsigned(4)
        return _SPECIAL_32.get(raw) or scaled(_signed(raw, 24), _signed(raw >> 24, 8))

    def date_time(self) -> datetime | None:
        """Take a Date Time: the device's wall clock; None when unknown (0) or impossible."""
        year = self.unsigned(2)
        month, day, hour, minute, second = self.take(5)
        try:
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 device clock
        except ValueError:
            return None

    def user(self) -> int | None:
        """Take a User ID; None when the device does not know its user (255). 0 is a user."""
        user = self.unsigned(1)
        return None if user == NO_USER else user


@lru_cache(maxsize=4096)
def sfloat(raw: int) -> Number:
    """Return the SFLOAT of 16 raw bits. Specials have exponent 0: 0xF7FF is 204.7, not NaN."""
    return _SPECIAL_16.get(raw) or scaled(_signed(raw, 12), _signed(raw >> 12, 4))


def scaled(mantissa: int, exponent: int) -> Decimal:
    """Return mantissa x 10^exponent with the digits that were sent: 364, -1 -> 36.4."""
    if exponent < 0:
        return Decimal(mantissa).scaleb(exponent)
    return Decimal(mantissa * 10**exponent)


def shifted(value: Number, places: int) -> Number:
    """Return a number times 10^places, a special as it is: kg/L to mg/dL is 5 places."""
    if isinstance(value, str):
        return value
    moved = value.scaleb(places)
    return Decimal(int(moved)) if _coarse(moved) else moved


def flag_names(bits: int, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the set bits, bit 0 first; an empty name marks a reserved bit."""
    if not bits:
        return ()
    return tuple(name for bit, name in enumerate(names) if name and bits >> bit & 1)


def number(field: object) -> Decimal | None:
    """Return a decoded field as a number; None for specials, absent and absurd values."""
    return field if isinstance(field, Decimal) and abs(field) < _ABSURD else None


def positive(code: str, field: object, unit: str) -> tuple[Value, ...]:
    """Return the field as a `Value`, or nothing when it is no number above zero."""
    found = number(field)
    return (Value(code, found, unit),) if found is not None and found > 0 else ()


def e2e_crc(data: bytes) -> int:
    """Return the E2E-CRC of the profiles with E2E safety: CRC-CCITT, reflected, seed 0xFFFF.

    Continuous Glucose Monitoring Service 1.0.2 (3.11): over the whole value but the CRC itself.
    """
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def _coarse(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent > 0


def _signed(raw: int, bits: int) -> int:
    raw &= (1 << bits) - 1
    return raw - (1 << bits) if raw >> (bits - 1) else raw
