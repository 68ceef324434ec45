"""The errors that the hospital raises, one class for each cause."""

from __future__ import annotations


class HospitalError(Exception):
    """Base of everything the hospital refuses or fails at."""


class SettingsError(HospitalError):
    """The settings file is missing, unreadable or wrong; the text names the key."""


class NotFound(HospitalError):
    """No such box, record or backup: what was named is wrong."""


class WrongInput(HospitalError):
    """What somebody typed cannot be meant; the text says what to type."""


class ArchiveDown(HospitalError):
    """The database cannot be used now; nothing was written, the boxes keep what they have."""


class ArchiveRefused(ArchiveDown):
    """The archive is not there, is empty, or is another hospital's: it is not taken for a new one.

    `kind` is "missing", "empty" or "foreign".
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RowRefused(HospitalError):
    """The database cannot hold this value; the record itself is kept raw instead."""


class AuthorityError(HospitalError):
    """The certificate authority refuses to sign, or its folder is not usable."""


class BrokerError(HospitalError):
    """The broker could not be configured or started."""


class AccountError(HospitalError):
    """A name or a password for the desk is not usable; the text says why."""
