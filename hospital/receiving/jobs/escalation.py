"""Pass on every alert that nobody has answered in time to the next person of the roster."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.patients import escalation

log = logging.getLogger(__name__)


def begin(settings: HospitalSettings) -> Callable[[Archive, int], None]:
    """Return the job; every hospital has it, and without a roster it finds nobody to ask."""
    minutes = {
        "emergency": settings.emergency_minutes,
        "urgent": settings.urgent_minutes,
        escalation.OTHER: settings.other_minutes,
    }

    def work(archive: Archive, now_ms: int) -> None:
        passed = escalation.pass_on(archive, now_ms, minutes)
        if passed:
            log.info("%d alerts went to a person of the roster", passed)

    return work
