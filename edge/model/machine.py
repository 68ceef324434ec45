"""Which machine this is: by its hardware, since a copied card brings every file with it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from edge.model.clock import boot_id

_NAMED_BY_MAKER = (
    Path("/proc/device-tree/serial-number"),  # a Raspberry Pi, and most boards with a device tree
    Path("/sys/class/dmi/id/product_uuid"),  # a PC; only root may read it
)
_NETWORKS = Path("/sys/class/net")


def machine_name(box_id: str) -> str:
    """Return a name of this machine's hardware, empty when it has none that we may read.

    It is a hash that says nothing to whoever does not know the hardware, 16 hexadecimal digits.
    HEALTHPOST_MACHINE_ID names a machine that cannot be told from another, as in a container.
    """
    given = os.environ.get("HEALTHPOST_MACHINE_ID") or _hardware()
    return _hashed(box_id, given) if given else ""


def boot_name(box_id: str) -> str:
    """Return a name of the running boot, 16 hexadecimal digits; no other boot has it."""
    return _hashed(box_id, boot_id())


def _hardware() -> str:
    for file in _NAMED_BY_MAKER:
        try:
            text = file.read_text(encoding="ascii", errors="replace").strip("\0 \n")
        except OSError:
            continue
        if text:
            return text
    return " ".join(_addresses())


def _addresses() -> list[str]:
    """Return the addresses of network adapters that are hardware, in their order."""
    found = []
    for adapter in sorted(_NETWORKS.glob("*")):
        if not (adapter / "device").exists():
            continue
        try:
            found.append((adapter / "address").read_text(encoding="ascii").strip())
        except OSError:
            continue
    return found


def _hashed(box_id: str, text: str) -> str:
    return hashlib.blake2b(f"{box_id} {text}".encode(), digest_size=8).hexdigest()
