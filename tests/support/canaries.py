"""Looking for planted words in what a broker can see, in every form they might slip out in.

What can be unpacked without any key is looked into as well: packed and compressed is not sealed.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from sync import packing
from sync.core import wire
from sync.core.wire import MessageError


@dataclass(frozen=True, slots=True)
class Capture:
    """One message as the broker had it; `number` is its place in what was captured."""

    number: int
    topic: str
    payload: bytes


def spilt(capture: Capture, canaries: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each canary with the form it was found in."""
    parts = _parts(capture)
    for word in canaries:
        for how, needle in _forms(word):
            if any(needle in part for part in parts):
                yield word, how


@lru_cache(maxsize=1024)
def _forms(word: str) -> tuple[tuple[str, bytes], ...]:
    plain = [("plain", word), ("small letters", word.lower()), ("capitals", word.upper())]
    escaped = word.encode("ascii", "backslashreplace").decode("ascii")
    plain += [("percent-encoded", quote(word)), ("escaped", escaped)]
    found = [(how, text.encode("utf-8")) for how, text in plain]
    found += [(code, word.encode(code)) for code in ("utf-16-le", "utf-16-be")]
    raw = word.encode("utf-8")
    found += [("hex", raw.hex().encode()), ("hex", raw.hex().upper().encode())]
    for skip in range(3):
        # Inside a longer base64 text a word shows in one of three alignments, but for its edges.
        text = base64.b64encode(b"\x00" * skip + raw)
        inner = text[(skip * 4 + 2) // 3 : len(text) - 4]
        found += [("base64", inner), ("base64", inner.translate(_URL_SAFE))]
    return tuple(dict.fromkeys((how, needle) for how, needle in found if len(needle) >= 4))


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _parts(capture: Capture) -> list[bytes]:
    """The message, the parts of its frame, and what anybody could unpack of them without a key."""
    parts = [capture.topic.encode("utf-8"), capture.payload]
    with suppress(MessageError):
        parts += [p for p in wire.load_array(capture.payload, 3) if isinstance(p, bytes)]
    return [*parts, *(text for part in parts for text in _unpacked(part))]


def _unpacked(part: bytes) -> Iterator[bytes]:
    with suppress(packing.CodecError):
        yield from packing.unpack(part)
    with suppress(packing.CodecError):
        yield wire.dump(packing.expand(part))
    with suppress(zlib.error):
        yield zlib.decompress(part)
