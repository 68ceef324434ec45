"""Serve an application with waitress until a signal stops the process."""

from __future__ import annotations

import errno
import logging
import signal
import time
from types import FrameType
from typing import NoReturn

import waitress
from flask import Flask
from waitress.server import BaseWSGIServer, MultiSocketServer

from edge.process.start import resolve

LONGEST_WAIT_S = 30.0

MOST_CONNECTIONS = 800
"""Below the 1,024 files that a process may open: many who open and say nothing shut nobody out."""

SILENT_S = 20
"""A connection without a word for so long is closed, also in the middle of a request."""

log = logging.getLogger(__name__)


def stop_on_signals() -> None:
    """Let SIGTERM and Ctrl-C end this process with 0, also where a shell ignores Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def serve(app: Flask, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; raises `OSError` when it may never listen on this address.

    Waits while another program has the port, and says so once. No answer names the server. A
    browser that leaves is noticed while its answer is made.
    """
    try:
        server = _listening(app, host, port, threads)
        server.print_listen("Serving on http://{}:{}")
        try:
            server.run()
        except SystemExit:
            server.close()
    except SystemExit:  # told to stop while it waited
        return


def wait_s(attempts: int) -> float:
    """Return how long to wait for a port that was taken so many times: 1, 2, 4 … at most 30 s."""
    return float(min(2 ** min(attempts - 1, 10), LONGEST_WAIT_S))


def _listening(
    app: Flask, host: str, port: int, threads: int
) -> MultiSocketServer | BaseWSGIServer:
    attempts = 0
    while True:
        try:
            resolve(host, port)  # waitress has no error of its own for a host that nobody knows
            return waitress.create_server(
                app,
                host=host,
                port=port,
                threads=threads,
                channel_request_lookahead=2,
                ident="",
                connection_limit=MOST_CONNECTIONS,
                channel_timeout=SILENT_S,
                cleanup_interval=SILENT_S // 2,
                asyncore_use_poll=True,  # select(2) knows no more than 1,024 files
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        attempts += 1
        if attempts == 1:
            log.error("another program has port %s of %s: waiting until it ends", port, host)
        time.sleep(wait_s(attempts))


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
