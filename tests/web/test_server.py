"""An application is served until its process is told to stop, and ends cleanly."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack

import pytest
from flask import Flask

from edge.process.start import os_words
from web.server import serve, wait_s

pytestmark = pytest.mark.system

PROGRAM = """
import logging
from flask import Flask
from web.server import serve, stop_on_signals
logging.basicConfig(level=logging.INFO)
app = Flask("served")
app.add_url_rule("/", view_func=lambda: "here", endpoint="page")
stop_on_signals()
serve(app, "127.0.0.1", 0, threads=2)
"""


def _ignore_ctrl_c() -> None:
    """As a shell does for what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(signal_number: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=_ignore_ctrl_c
    ) as process:
        assert process.stderr is not None
        listening = next(line for line in process.stderr if "Serving on" in line)
        [address] = re.findall(r"http://\S+", listening)
        with urllib.request.urlopen(address, timeout=20) as answer:
            assert answer.read() == b"here"
            assert "Server" not in answer.headers
        process.send_signal(signal_number)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_many_requests_that_never_end_shut_nobody_out() -> None:
    command = [sys.executable, "-c", PROGRAM]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
        ExitStack() as held,
    ):
        assert process.stderr is not None
        listening = next(line for line in process.stderr if "Serving on" in line)
        [(host, port)] = re.findall(r"http://([\d.]+):(\d+)", listening)
        for number in range(300):
            sock = held.enter_context(socket.create_connection((host, int(port)), timeout=20))
            begun = b"GET / HTTP/1.1\r\nHost: a" if number % 2 else b"POST / HTTP/1.1\r\n"
            sock.sendall(begun + b"\r\nContent-Length: 50\r\n")
        with urllib.request.urlopen(f"http://{host}:{port}", timeout=20) as answer:
            assert answer.read() == b"here"
        process.terminate()
        process.communicate(timeout=60)


def test_it_waits_for_a_port_that_another_program_has_and_says_so_once() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code = PROGRAM.replace('"127.0.0.1", 0,', f'"127.0.0.1", {port},')
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert f"another program has port {port}" in process.stderr.readline()
    said = process.stderr.readline()
    assert f"Serving on http://127.0.0.1:{port}" in said
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_waits_for_a_port_grow_to_half_a_minute() -> None:
    waits = [wait_s(attempts) for attempts in range(1, 30)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, 30.0)


def test_told_to_stop_while_it_waits_it_ends_with_0() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code = PROGRAM.replace('"127.0.0.1", 0,', f'"127.0.0.1", {other.getsockname()[1]},')
        process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        process.stderr.readline()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["", "no such host", "a..b", "x" * 300])
def test_a_host_that_nobody_knows_is_an_error_in_words(host: str) -> None:
    with pytest.raises(socket.gaierror) as refused:
        serve(Flask("served"), host, 0, threads=1)
    assert os_words(refused.value) == "no such host is known"
