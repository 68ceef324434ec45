"""Output, errors and exit codes of `healthpost hospital`, and opening its hospital."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.model.errors import EdgeError
from edge.model.errors import SettingsError as EdgeSettingsError
from edge.process.cli_output import FAILED, INPUT_IS_WRONG, Verdict, say, speaking_json
from edge.process.home import act_as_owner
from edge.process.start import file_words
from hospital.archive import Archive
from hospital.archive.errors import (
    AccountError,
    HospitalError,
    NotFound,
    SettingsError,
    WrongInput,
)
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings, home_folder
from sync.keys.enrolment import EnrolmentError
from sync.keys.keys import KeyFileError

__all__ = ["hospital_home", "open_hospital", "say", "speaks_json"]


def hospital_home() -> Path:
    """Return the hospital's home, from now on acting as its owner; raises `HomeRefused`."""
    home = home_folder()
    act_as_owner(home)
    return home


@contextmanager
def open_hospital() -> Iterator[tuple[HospitalSettings, Archive]]:
    """Give the hospital's settings and its archive, closed afterwards."""
    settings = HospitalSettings.load(hospital_home())
    archive = open_archive(settings)
    try:
        yield settings, archive
    finally:
        archive.close()


_INPUT = (SettingsError, AccountError, EnrolmentError, NotFound, WrongInput, EdgeSettingsError)


def _judge(error: Exception) -> Verdict:
    if isinstance(error, OSError):
        return "system", FAILED, file_words(error)
    kind = getattr(error, "kind", None) or type(error).__name__.removesuffix("Error").lower()
    return kind, INPUT_IS_WRONG if isinstance(error, _INPUT) else FAILED, str(error)


speaks_json = speaking_json(
    (HospitalError, EnrolmentError, EdgeError, KeyFileError, OSError), _judge
)
