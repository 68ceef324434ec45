"""Serve the kiosk: `python -m kiosk_ui`, settings from HEALTHPOST_HOME, stops on SIGTERM."""

from __future__ import annotations

import logging
import sys

from edge.model.errors import SettingsError
from edge.process.start import os_words, run_box_process
from edge.settings.box_settings import Settings
from kiosk_ui.app import create_app
from web.server import serve, stop_on_signals

THREADS = 8
"""A page takes milliseconds and no request is held open, so a few threads serve a clinic."""


def main() -> int:
    """Serve until a signal stops it; return the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    stop_on_signals()
    return run_box_process("kiosk", _serve)


def _serve(settings: Settings) -> None:
    try:
        serve(create_app(settings), settings.kiosk_host, settings.kiosk_port, THREADS)
    except OSError as error:
        where = f"{settings.kiosk_host}:{settings.kiosk_port}"
        raise SettingsError(f"the kiosk cannot listen on {where}: {os_words(error)}") from error


if __name__ == "__main__":
    raise SystemExit(main())
