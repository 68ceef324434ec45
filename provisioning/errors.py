"""What provisioning refuses, worded for the technician."""

from __future__ import annotations


class InputError(Exception):
    """What the person gave is wrong: the command ends with 2 and says what to change."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CommandFailed(Exception):
    """The command could not do it, through no fault of its input: it ends with 1."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
