"""`python -m kiosk_ui` as a process: serves, stops on SIGTERM, names a wrong setting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from eventually import eventually

from edge.store.store import Store

pytestmark = pytest.mark.system


def start(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kiosk_ui"]
    environment = {**os.environ, "HEALTHPOST_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def test_it_serves_until_sigterm(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = f'[box]\nid = "box-test"\nclinic = "Chak 12"\n[kiosk]\nport = {port}\n'
    (tmp_path / "healthpost.toml").write_text(text, encoding="utf-8")
    Store.create(tmp_path / "box.db", "box-test").close()
    process = start(tmp_path)

    def page() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return str(answer.read().decode("utf-8"))
        except OSError:  # refused, or not answered in time
            return ""

    assert "Health worker" in eventually(page)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_missing_box_is_named(tmp_path: Path) -> None:
    process = start(tmp_path)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "healthpost init" in told
