"""Encrypts and signs the frames of CS/1: the broker can neither read nor forge them.

A frame is the CBOR array `[header, ciphertext, signature]`. The ciphertext is HPKE in base mode
(RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305) with the domain and the header as `info`; the
signature is Ed25519 (RFC 8032) over domain, header and ciphertext. Encrypted first, then signed,
with sender, stream and session in both: nothing can be re-attributed.
"""

from __future__ import annotations

from dataclasses import replace

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from edge.model.entry import Lane
from sync.core import wire
from sync.core.header import PADDED, DownHeader, Header
from sync.core.wire import MessageError
from sync.keys.keys import BoxKeys, HospitalKeys, PublicKeys, kid

MAX_FRAME_BYTES = 64 * 1024
PAD_TO_BYTES = 240
"""A sealed alert's size is a multiple of this, for any content; a single red score fits one."""

_UP = b"CS1-up"
_DOWN = b"CS1-dn"
_HAND = b"CS1-hand"
_KEYS = b"CS1-keys"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_SIGNATURE_BYTES = 64
_HPKE_BYTES = 48
_PAD_MARK = b"\x80"


class EnvelopeError(ValueError):
    """A frame that is refused; the subclass gives the reason."""


class BadFrame(EnvelopeError):
    """The bytes are no frame."""


class BadSignature(EnvelopeError):
    """Not signed by the key of the sender that it names."""


class WrongKey(EnvelopeError):
    """Sealed to a key that this end does not have; the content stays unknown."""


class UnopenableFrame(EnvelopeError):
    """Signed by this sender and for this end, but it cannot be decrypted: the sender's error."""

    def __init__(self, header: Header) -> None:
        super().__init__(f"lane {header.lane} {header.first_seq}..{header.last_seq} does not open")
        self.header = header


def seal_up(header: Header, payload: bytes, keys: BoxKeys, hospital: PublicKeys) -> bytes:
    """Return a frame from the box to the hospital; raises `EnvelopeError` when it is too large."""
    header = replace(header, kid_enc=kid(hospital.decrypt), kid_sig=kid(keys.public.sign))
    if header.lane == Lane.ALERT:
        header = replace(header, flags=header.flags | PADDED)
        payload = _pad(header.encode(), payload)
    return _seal(_UP, header.encode(), payload, keys.sign, hospital)


def peek_up(frame: bytes) -> Header:
    """Read a frame's header without trusting it; raises `BadFrame`."""
    return _read_up(frame)[0]


def open_up(frame: bytes, keys: HospitalKeys, box: PublicKeys) -> tuple[Header, bytes]:
    """Verify and open a frame from a box; raises one of the `EnvelopeError`s above."""
    header, head, sealed, signature = _read_up(frame)
    _verify(_UP, head, sealed, signature, header.kid_sig, box)
    opener = keys.opener(header.kid_enc)
    if opener is None:
        raise WrongKey(f"sealed to key {header.kid_enc.hex()}")
    try:
        payload = _SUITE.decrypt(sealed, opener, _UP + head)
    except (InvalidTag, ValueError) as error:
        raise UnopenableFrame(header) from error
    return header, _unpad(header, payload) if header.flags & PADDED else payload


def seal_down(header: DownHeader, payload: bytes, keys: HospitalKeys, box: PublicKeys) -> bytes:
    """Return a frame that only this box can read, as the feed is sent."""
    header = replace(header, kid_enc=kid(box.decrypt), kid_sig=kid(keys.public.sign))
    return _seal(_DOWN, header.encode(), payload, keys.sign, box)


def sign_down(header: DownHeader, payload: bytes, keys: HospitalKeys) -> bytes:
    """Return a signed frame in clear, as receipts are sent: they hold no patient data."""
    header = replace(header, kid_enc=None, kid_sig=kid(keys.public.sign))
    return _frame(_DOWN, header.encode(), payload, keys.sign)


def open_down(
    frame: bytes, box_id: str, keys: BoxKeys, hospital: PublicKeys
) -> tuple[DownHeader, bytes]:
    """Verify and open a frame for this box; raises one of the `EnvelopeError`s above."""
    head, body, signature = _parts(frame)
    try:
        header = DownHeader.decode(head)
    except MessageError as error:
        raise BadFrame(str(error)) from error
    _verify(_DOWN, head, body, signature, header.kid_sig, hospital)
    if header.box_id != box_id:
        raise WrongKey(f"meant for box {header.box_id}")
    if header.kid_enc is None:
        return header, body
    opener = keys.opener(header.kid_enc)
    if opener is None:
        raise WrongKey(f"sealed to key {header.kid_enc.hex()}")
    try:
        return header, _SUITE.decrypt(body, opener, _DOWN + head)
    except (InvalidTag, ValueError) as error:
        raise BadFrame("a signed frame for us does not open") from error


def seal_chunk(key: bytes, place: tuple[bytes, int, int], data: bytes) -> bytes:
    """Return one chunk of a file under the file's own key; `place` is file id, index, total.

    Each key is used for one file only, whose content never changes: the index is a nonce.
    """
    return ChaCha20Poly1305(key).encrypt(_chunk_nonce(place[1]), data, _chunk_place(place))


def open_chunk(key: bytes, place: tuple[bytes, int, int], sealed: bytes) -> bytes:
    """Open one chunk of a file; raises `BadFrame` when it is not the one of this place."""
    try:
        cipher = ChaCha20Poly1305(key)
        return cipher.decrypt(_chunk_nonce(place[1]), sealed, _chunk_place(place))
    except (InvalidTag, ValueError) as error:
        raise BadFrame("not the chunk of this place") from error


def sign_manifest(body: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Return the signature over the opening or closing of a bundle."""
    return signer.sign(_HAND + body)


def manifest_holds(body: bytes, signature: bytes, signer: bytes) -> bool:
    """Whether a manifest was signed by the owner of this public key."""
    return _holds(_HAND + body, signature, signer)


def prove_keys(box_id: str, new: BoxKeys, old: PublicKeys) -> bytes:
    """Return the proof that a box owns the keys that it wants in the place of its old ones."""
    return new.sign.sign(_announced_keys(box_id, new.public, old))


def keys_hold(box_id: str, new: PublicKeys, old: PublicKeys, proof: bytes) -> bool:
    """Whether a proof was made by the owner of the new keys, for this box and its old ones."""
    return _holds(_announced_keys(box_id, new, old), proof, new.sign)


def _announced_keys(box_id: str, new: PublicKeys, old: PublicKeys) -> bytes:
    return _KEYS + wire.dump([box_id, old.sign, new.sign, new.decrypt])


def _holds(body: bytes, signature: bytes, signer: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(signer).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _chunk_nonce(index: int) -> bytes:
    return index.to_bytes(12, "big")


def _chunk_place(place: tuple[bytes, int, int]) -> bytes:
    return place[0] + place[1].to_bytes(4, "big") + place[2].to_bytes(4, "big")


def _seal(
    domain: bytes, head: bytes, payload: bytes, signer: Ed25519PrivateKey, to: PublicKeys
) -> bytes:
    recipient = X25519PublicKey.from_public_bytes(to.decrypt)
    return _frame(domain, head, _SUITE.encrypt(payload, recipient, domain + head), signer)


def _frame(domain: bytes, head: bytes, body: bytes, signer: Ed25519PrivateKey) -> bytes:
    frame = wire.dump([head, body, signer.sign(domain + head + body)])
    if len(frame) > MAX_FRAME_BYTES:
        raise EnvelopeError(f"a frame of {len(frame)} bytes; at most {MAX_FRAME_BYTES} travel")
    return frame


def _read_up(frame: bytes) -> tuple[Header, bytes, bytes, bytes]:
    head, sealed, signature = _parts(frame)
    try:
        return Header.decode(head), head, sealed, signature
    except MessageError as error:
        raise BadFrame(str(error)) from error


def _parts(frame: bytes) -> tuple[bytes, bytes, bytes]:
    if len(frame) > MAX_FRAME_BYTES:
        raise BadFrame(f"{len(frame)} bytes; at most {MAX_FRAME_BYTES} are read")
    try:
        head, body, signature = wire.load_array(frame, 3)
        signed = wire.octets(signature, _SIGNATURE_BYTES)
        return wire.take(bytes, head), wire.take(bytes, body), signed
    except MessageError as error:
        raise BadFrame(str(error)) from error


def _verify(
    domain: bytes, head: bytes, body: bytes, signature: bytes, signer: bytes, keys: PublicKeys
) -> None:
    if signer != kid(keys.sign):
        raise BadSignature(f"signed by key {signer.hex()}, {kid(keys.sign).hex()} expected")
    try:
        Ed25519PublicKey.from_public_bytes(keys.sign).verify(signature, domain + head + body)
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit the bytes") from error


def _pad(head: bytes, payload: bytes) -> bytes:
    """Add the mark of ISO/IEC 7816-4 and zeros until the whole frame is a round size."""
    marked = payload + _PAD_MARK
    bare = -_frame_bytes(head, marked) % PAD_TO_BYTES
    # The padding may lengthen a CBOR length field by a byte, which is then one zero less.
    pads = (marked + bytes(n) for n in (bare, bare - 1, bare + PAD_TO_BYTES - 1) if n >= 0)
    return next((p for p in pads if _frame_bytes(head, p) % PAD_TO_BYTES == 0), marked)


def _frame_bytes(head: bytes, payload: bytes) -> int:
    sealed = bytes(len(payload) + _HPKE_BYTES)
    return len(wire.dump([head, sealed, bytes(_SIGNATURE_BYTES)]))


def _unpad(header: Header, payload: bytes) -> bytes:
    bare = payload.rstrip(b"\x00")
    if not bare.endswith(_PAD_MARK):
        raise UnopenableFrame(header)
    return bare[:-1]
