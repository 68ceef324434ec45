"""`python -m hospital.desk.server`: the desk and the enrolment page, served by waitress."""

from __future__ import annotations

import logging
import sys

from edge.process.start import os_words
from hospital.archive.errors import SettingsError
from hospital.archive.open import open_archive
from hospital.archive.process import run_hospital_process
from hospital.archive.settings import HospitalSettings
from hospital.desk import create_app
from hospital.desk.context import Parts
from hospital.fleet.authority import Authority
from hospital.fleet.claims import Offer
from sync.keys.keys import HospitalKeys
from web.server import serve, stop_on_signals

THREADS = 6


def parts_of(settings: HospitalSettings) -> Parts:
    """Return the desk's real parts."""
    keys = HospitalKeys.load(settings.keys).public
    offer = Offer(keys, settings.broker_host, settings.broker_port)
    authority = Authority.open(settings.authority)
    return Parts(
        settings,
        lambda: open_archive(settings),
        authority,
        offer,
        present_keys=lambda: HospitalKeys.load(settings.keys).public,
    )


def main() -> int:
    """Serve the hospital in HEALTHPOST_HOSPITAL_HOME until SIGTERM; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop_on_signals()
    return run_hospital_process("desk", _serve)


def _serve(settings: HospitalSettings) -> None:
    try:
        serve(create_app(parts_of(settings)), settings.desk_host, settings.desk_port, THREADS)
    except OSError as error:
        where = f"{settings.desk_host}:{settings.desk_port}"
        raise SettingsError(f"the desk cannot listen on {where}: {os_words(error)}") from error


if __name__ == "__main__":
    sys.exit(main())
