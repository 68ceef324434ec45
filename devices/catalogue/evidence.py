"""Evidence of each protocol: the sources that its decoder was written from, in plain words.

Nothing here was tried on hardware by us. Each row of `devices.catalogue.serial_protocols` and of
`devices.catalogue.ble_families` names one of these.
"""

from __future__ import annotations

from enum import StrEnum


class Evidence(StrEnum):
    """What a decoder was written from."""

    CAPTURED = "two independent sources agree, with a public capture or test"
    AGREED = "two independent sources agree"
    MANUAL = "the maker's manual"
    SPECIFICATION = "the specification file of one public project"
    SINGLE = "one unofficial source, or an inference"
    STANDARD = "public standard; other decoders agree on test values"
    STANDARD_ALONE = "public standard; few or no other decoders to compare with"
    COMMUNITY = "no specification; several community decoders agree"
