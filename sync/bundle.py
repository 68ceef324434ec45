"""What a stick carries when there is no line: the same sealed frames and signed receipts.

A bundle is one file: `HPB1`, then the CBOR array `[manifest, signature, [frame, ...]]`. The
manifest `[1, way, box id, nonce, made (Unix ms), number of frames, digest]` names its direction
and is signed by who wrote it (Ed25519). It holds no secret: records are sealed to the hospital,
answers are signed and carry numbers only. Reading one twice is harmless by the protocol.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sync.core import wire
from sync.core.header import box_name
from sync.core.messages import NONCE_BYTES
from sync.core.wire import MessageError

MAGIC = b"HPB1"
UP = "up"
DOWN = "down"
MAX_FRAMES = 20_000
MAX_BYTES = 64 << 20
DIGEST_BYTES = 32

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""Whether a signature (second) fits signed bytes (first)."""


class BundleError(Exception):
    """A bundle cannot be read or written; the text is for whoever holds the stick."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Frames of one direction: from box `box_id`, or answers to it, of the session `nonce`."""

    way: str
    box_id: str
    nonce: bytes
    made_ms: int
    frames: tuple[bytes, ...]


def file_name(box_id: str, way: str) -> str:
    """Return the name of a bundle on the stick; a newer one takes the place of an older."""
    return f"healthpost-{box_id}-{way}.bundle"


def encode(bundle: Bundle, sign: Sign) -> bytes:
    """Return a bundle's bytes; raises `BundleError` beyond the limits."""
    if len(bundle.frames) > MAX_FRAMES or sum(map(len, bundle.frames)) > MAX_BYTES:
        raise BundleError("too much for one bundle")
    head = [1, bundle.way, bundle.box_id, bundle.nonce, bundle.made_ms, len(bundle.frames)]
    manifest = wire.dump([*head, _digest(bundle.frames)])
    return MAGIC + wire.dump([manifest, sign(manifest), list(bundle.frames)])


def peek(data: bytes) -> tuple[str, str]:
    """Return direction and box id as an unverified file claims them; raises `BundleError`."""
    bundle, _, _ = _read(data)
    return bundle.way, bundle.box_id


def decode(data: bytes, way: str, verify: Verify) -> Bundle:
    """Read a whole, genuine bundle of a direction; raises `BundleError` in plain words."""
    bundle, manifest, signature = _read(data)
    if bundle.way != way:
        raise BundleError(f"this bundle goes {bundle.way}, it is not for this end")
    if not verify(manifest, signature):
        raise BundleError("this bundle was not written by whom it names")
    return bundle


def write_file(folder: Path, name: str, data: bytes) -> Path:
    """Put a bundle on the stick, whole or not at all; raises `BundleError`."""
    file, draft = folder / name, folder / f"{name}.part"
    try:
        with draft.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(file)
    except OSError as error:
        raise BundleError(f"{file} cannot be written: {error.strerror}") from error
    return file


def read_file(file: Path) -> bytes:
    """Return a bundle's bytes; raises `BundleError`."""
    try:
        if file.stat().st_size > MAX_BYTES + MAX_FRAMES * 8:
            raise BundleError(f"{file} is too large for a bundle")
        return file.read_bytes()
    except FileNotFoundError as error:
        raise BundleError(f"there is no {file.name} on this stick") from error
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error.strerror}") from error


def _read(data: bytes) -> tuple[Bundle, bytes, bytes]:
    if not data.startswith(MAGIC):
        raise BundleError("this file is no bundle")
    try:
        manifest, signature, frames = wire.load_array(data[len(MAGIC) :], 3)
        head, signed = wire.take(bytes, manifest), wire.take(bytes, signature)
        sealed = tuple(wire.take(bytes, frame) for frame in wire.take(list, frames))
        bundle, digest = _manifest(head, sealed)
    except MessageError as error:
        raise BundleError(f"the bundle is cut off or damaged: write it again ({error})") from error
    if digest != _digest(sealed):
        raise BundleError("the bundle is damaged: write it again")
    return bundle, head, signed


def _manifest(data: bytes, frames: tuple[bytes, ...]) -> tuple[Bundle, bytes]:
    items = wire.load_array(data, 7)
    if items[0] != 1 or items[1] not in (UP, DOWN) or items[5] != len(frames):
        raise MessageError("the manifest does not fit")
    nonce = wire.octets(items[3], NONCE_BYTES)
    way, box_id = wire.text(items[1], 4), box_name(items[2])
    return Bundle(way, box_id, nonce, wire.count(items[4]), frames), wire.octets(
        items[6], DIGEST_BYTES
    )


def _digest(frames: Sequence[bytes]) -> bytes:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES, person=b"CS1-bundle")
    for frame in frames:
        digest.update(len(frame).to_bytes(4, "big") + frame)
    return digest.digest()
