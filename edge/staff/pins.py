"""PINs: six digits, hashed with argon2id over a pepper that never leaves the box.

A million PINs are quickly tried, so the hash alone protects nothing: the pepper (32 random bytes
in `keys/pepper`, mode 0600) has to be stolen too. Parameters: OWASP's argon2id m=46 MiB, t=1, p=1.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from edge.model.errors import InvalidForm, PepperError
from edge.store import durable

PIN_DIGITS = 6
PEPPER_BYTES = 32

_MEND = "bring it back from a copy, or run `healthpost staff renew-pepper` and give new PINs"
_HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
_ONE_AT_A_TIME = Lock()  # each hash takes 46 MiB, and a small board has few of those


def create_pepper(keys: Path) -> bytes:
    """Make the box's pepper, once; raises `FileExistsError` when there is one."""
    durable.make_folder(keys)
    pepper = secrets.token_bytes(PEPPER_BYTES)
    durable.create(_file(keys), pepper)
    return pepper


def renew_pepper(keys: Path) -> bytes:
    """Make another pepper in place of one that is lost; every PIN must be given anew."""
    pepper = secrets.token_bytes(PEPPER_BYTES)
    durable.replace(_file(keys), pepper)
    return pepper


def load_pepper(keys: Path) -> bytes:
    """Read the pepper; raises `PepperError` when it is missing, cut off or open to others."""
    file = _file(keys)
    try:
        mode, pepper = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise PepperError(f"{file} cannot be read: {_MEND}") from error
    if mode & 0o077:
        raise PepperError(f"{file} can be read by others: set its mode to 0600")
    if len(pepper) != PEPPER_BYTES:
        raise PepperError(f"{file} holds {len(pepper)} bytes, not {PEPPER_BYTES}: {_MEND}")
    return pepper


def check_pin(pin: str) -> str:
    """Return the PIN in ASCII digits; raises `InvalidForm` ("format" or "trivial")."""
    digits = ascii_pin(pin)
    if digits is None:
        raise InvalidForm({"pin": "format"})
    if is_trivial(digits):
        raise InvalidForm({"pin": "trivial"})
    return digits


def ascii_pin(pin: str) -> str | None:
    """Return what was typed in ASCII digits, or None when it is no PIN at all."""
    pin = pin.strip()
    if len(pin) != PIN_DIGITS or not pin.isdecimal():
        return None
    return "".join(str(int(c)) for c in pin)


def is_trivial(digits: str) -> bool:
    """Whether a PIN repeats (111111, 121212, 123123) or counts up or down (123456, 975319)."""
    repeats = any(digits == digits[:n] * (PIN_DIGITS // n) for n in (1, 2, 3))
    pairs = zip(digits, digits[1:], strict=False)
    steps = {(int(b) - int(a)) % 10 for a, b in pairs}
    return repeats or len(steps) == 1


def hash_pin(staff_id: str, digits: str, pepper: bytes) -> str:
    """Return the hash to store, bound to this person and this box."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(_peppered(staff_id, digits, pepper))


def is_right(pin_hash: str, staff_id: str, digits: str, pepper: bytes) -> bool:
    """Whether the PIN belongs to the hash."""
    try:
        with _ONE_AT_A_TIME:
            return _HASHER.verify(pin_hash, _peppered(staff_id, digits, pepper))
    except (Argon2Error, InvalidHashError):
        return False


def _peppered(staff_id: str, digits: str, pepper: bytes) -> bytes:
    return hmac.digest(pepper, f"{staff_id}\x00{digits}".encode(), "sha256")


def _file(keys: Path) -> Path:
    return keys / "pepper"
