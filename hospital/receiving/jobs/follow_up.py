"""Keep the lists of who should come to the clinics up to date."""

from __future__ import annotations

from collections.abc import Callable

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.patients import follow_up


def begin(_settings: HospitalSettings) -> Callable[[Archive, int], None]:
    """Return the job; every hospital has it."""

    def work(archive: Archive, _now_ms: int) -> None:
        follow_up.settle_waiting(archive)

    return work
