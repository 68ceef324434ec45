"""Serve an application with waitress until a signal stops the process."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

import waitress
from flask import Flask


def stop_on_signals() -> None:
    """Let SIGTERM and Ctrl-C end this process with 0, also where a shell ignores Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


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
    except SystemExit:
        server.close()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
