"""A small drawing as a PNG (ISO/IEC 15948), made without any library: an arm with a patch."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 320, height: int = 240) -> bytes:
    """Return the picture's bytes."""
    rows = b"".join(
        b"\x00" + b"".join(_pixel(x / width, y / height) for x in range(width))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _pixel(x: float, y: float) -> bytes:
    edge = abs(y - 0.5) * 2
    if edge > 0.62:
        return bytes((222, 226, 230))
    shade = 1 - 0.35 * edge**2
    spot = (x - 0.55) ** 2 * 3 + (y - 0.5) ** 2 * 4
    red, green, blue = (150, 62, 58) if spot < 0.035 else (188, 138, 108)
    return bytes(int(part * shade) for part in (red, green, blue))


def _chunk(kind: bytes, data: bytes) -> bytes:
    sealed = kind + data
    return struct.pack(">I", len(data)) + sealed + struct.pack(">I", zlib.crc32(sealed))
