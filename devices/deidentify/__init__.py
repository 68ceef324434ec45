"""Takes patients' identities out of captured bytes, before they are written anywhere. Pure.

Some devices send an ID that somebody typed or scanned: Omron, Terumo and A&D kiosks, Tanita scales,
analysers. Masking keeps every length; a frame whose check was right keeps a right check, a broken
one stays broken. It fails closed: what is not understood to the letter loses all its letters and
digits, because an ID may stand in it. Which function masks which protocol stands in
`devices.catalogue.serial_protocols`.
"""

from __future__ import annotations

from devices.deidentify.text import Masked

__all__ = ["CannotMaskError", "Masked"]


class CannotMaskError(ValueError):
    """Nobody can say where these bytes hold an identity."""
