"""HPKE (RFC 9180, base mode, one message) with every step in sight, for the page's example.

The product uses the library's HPKE, which draws a random ephemeral key. A worked example needs a
fixed one and the values in between, so they are computed here; the product must open the result.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_KEM, _KDF, _AEAD = 0x0020, 0x0001, 0x0003
_KEM_SUITE = b"KEM" + _KEM.to_bytes(2, "big")
_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (_KEM, _KDF, _AEAD))
_EMPTY = b""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed message and the values that led to it."""

    enc: bytes
    shared_secret: bytes
    key: bytes
    base_nonce: bytes
    ciphertext: bytes

    @property
    def body(self) -> bytes:
        """What a frame carries: the encapsulated key, then the ciphertext with its tag."""
        return self.enc + self.ciphertext


def seal(payload: bytes, info: bytes, recipient: bytes, ephemeral: X25519PrivateKey) -> Sealed:
    """Seal a payload to a public X25519 key under a given ephemeral key; the AAD is empty."""
    enc = ephemeral.public_key().public_bytes_raw()
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    prk = _extract(_KEM_SUITE, _EMPTY, b"eae_prk", dh)
    shared = _expand(_KEM_SUITE, prk, b"shared_secret", enc + recipient, 32)
    context = b"\x00" + _extract(_SUITE, _EMPTY, b"psk_id_hash", _EMPTY)
    context += _extract(_SUITE, _EMPTY, b"info_hash", info)
    secret = _extract(_SUITE, shared, b"secret", _EMPTY)
    key = _expand(_SUITE, secret, b"key", context, 32)
    nonce = _expand(_SUITE, secret, b"base_nonce", context, 12)
    return Sealed(enc, shared, key, nonce, ChaCha20Poly1305(key).encrypt(nonce, payload, _EMPTY))


def _extract(suite: bytes, salt: bytes, label: bytes, data: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + data, "sha256")


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labelled + b"\x01", "sha256")[:size]  # one block is enough here
