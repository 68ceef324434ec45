"""Serve the kiosk: `python -m kiosk_ui`, settings from HEALTHPOST_HOME, stops on SIGTERM."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType
from typing import NoReturn

import waitress

from edge.model.errors import SettingsError
from edge.settings.box_settings import Settings
from kiosk_ui.app import create_app

THREADS = 8
"""A page takes milliseconds and no request is held open, so a few threads serve a clinic."""


def main() -> int:
    """Serve until told to stop; return 1 when the settings are wrong."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = Settings.load()
    except SettingsError as error:
        logging.getLogger("kiosk_ui").error("%s", error)
        return 1
    server = waitress.create_server(
        create_app(settings),
        host=settings.kiosk_host,
        port=settings.kiosk_port,
        threads=THREADS,
        channel_request_lookahead=2,
        ident="",
    )
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        server.close()
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    raise SystemExit(main())
