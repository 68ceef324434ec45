"""Count each closed month of each box again, and tell the box whether both ends agree."""

from __future__ import annotations

from collections.abc import Callable

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.reports import checks, statements


def begin(settings: HospitalSettings) -> Callable[[Archive, int], None]:
    """Return the work: at most one month in a turn, for the worker has frames to read.

    A month that differed is counted again when something has come from its box.
    """
    counted: dict[tuple[str, str, str], int] = {}

    def work(archive: Archive, now_ms: int) -> None:
        for clinic, stated in checks.newest(archive):
            key = (stated.box, stated.month, stated.sha256)
            arrivals = checks.arrivals(archive, stated.box)
            if counted.get(key) == arrivals or checks.is_settled(archive, clinic, stated):
                continue
            checks.tell(archive, clinic, statements.compare(archive, stated))
            counted[key] = checks.arrivals(archive, stated.box)
            return

    return work
