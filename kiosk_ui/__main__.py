"""Serve the kiosk: `python -m kiosk_ui`, settings from HEALTHPOST_HOME, stops on SIGTERM."""

from __future__ import annotations

import logging
import sys

from edge.model.errors import SettingsError
from edge.settings.box_settings import Settings
from kiosk_ui.app import create_app
from web.server import serve, stop_on_signals

THREADS = 8
"""A page takes milliseconds and no request is held open, so a few threads serve a clinic."""


def main() -> int:
    """Serve until a signal stops it; return 1 when the settings are wrong."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    stop_on_signals()
    try:
        settings = Settings.load()
    except SettingsError as error:
        logging.getLogger("kiosk_ui").error("%s", error)
        return 1
    serve(create_app(settings), settings.kiosk_host, settings.kiosk_port, THREADS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
