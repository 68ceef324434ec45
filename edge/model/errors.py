"""What can go wrong at the box, named by whose fault it is."""

from __future__ import annotations

from collections.abc import Mapping


class EdgeError(Exception):
    """Base of everything the edge refuses or fails at."""


class SettingsError(EdgeError):
    """The settings file is missing, unreadable or wrong; the text names the key."""


class PepperError(SettingsError):
    """The secret with which PINs are checked is missing, cut off or open to others."""


class StoreError(EdgeError):
    """The box's file could not be read or written."""


class StoreRefused(StoreError):
    """The box's file is not there, is empty, is no box's, or is another box's: nothing is begun.

    `kind` is "missing", "empty", "unreadable", "foreign" or, of an open one, "moved".
    `copy` is the name of the newest copy, empty when there is none.
    """

    def __init__(self, kind: str, message: str, copy: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.copy = copy


class DiskError(StoreError):
    """The disk did not do what was asked: nothing accepted before was lost, and it may be tried
    again."""


class DiskFull(DiskError):
    """The disk has no room for another write."""


class DiskFault(DiskError):
    """The disk answers with an error of its own, as a memory card does that wears out."""


class NotFound(EdgeError):
    """No such patient, visit, reading or device."""


class ActionRefused(EdgeError):
    """A person asked for something the laws of the house forbid; `kind` is stable."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class InvalidForm(EdgeError):
    """What somebody typed cannot be kept: `fields` names each field and what is wrong with it.

    The kinds are stable words for the screens to translate: "required", "too-long", "format",
    "unknown", "impossible", "future", "too-old", "taken", "trivial".
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {kind}" for field, kind in fields.items()))
        self.fields = dict(fields)
