"""Output, errors and exit codes of `healthpost hospital`, and opening its hospital."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.process.cli_output import FAILED, INPUT_IS_WRONG, Verdict, say, speaking_json
from hospital.archive import Archive
from hospital.archive.errors import AccountError, HospitalError, SettingsError
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from sync.keys.enrolment import EnrolmentError

__all__ = ["open_hospital", "say", "speaks_json"]


@contextmanager
def open_hospital() -> Iterator[tuple[HospitalSettings, Archive]]:
    """Give the hospital's settings and its archive, closed afterwards."""
    settings = HospitalSettings.load()
    archive = open_archive(settings)
    try:
        yield settings, archive
    finally:
        archive.close()


def _judge(error: Exception) -> Verdict:
    kind = getattr(error, "kind", None) or type(error).__name__.removesuffix("Error").lower()
    wrong = isinstance(error, SettingsError | AccountError | EnrolmentError)
    return kind, INPUT_IS_WRONG if wrong else FAILED


speaks_json = speaking_json((HospitalError, EnrolmentError), _judge)
