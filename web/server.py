"""Serve an application with waitress until a signal stops the process."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

import waitress
from flask import Flask


def stop_on_sigterm() -> None:
    """Let SIGTERM end this process cleanly, with 0."""
    signal.signal(signal.SIGTERM, _stop)


def serve(app: Flask, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; raises `OSError` when the address is taken.

    No answer names the server. A browser that leaves is noticed while its answer is made.
    """
    server = waitress.create_server(
        app, host=host, port=port, threads=threads, channel_request_lookahead=2, ident=""
    )
    server.print_listen("Serving on http://{}:{}")
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        server.close()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
