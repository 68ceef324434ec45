"""The link's benchmark says what was missed and ends what never ends; it times nothing here."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.link import meter, report
from benchmarks.link.targets import TARGETS
from edge.store.store import Store

CLEAN = {"lost": 0, "doubled": 0}
RUN = CLEAN | {"rate": 9_000.0, "broker_rate": 12_000.0, "wire_bytes": 800, "readings": 100}
PEER = CLEAN | {"accept_rate": 4_000.0, "drain_rate": 3_000.0, "wire_per_reading": 466.0}


def found(**more: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "sizes": {"readings": 100},
        "load_before": (0.1, 0.2, 0.3),
        "load_after": (0.1, 0.2, 0.3),
        "took_s": 60,
        "ours": {"postgresql": RUN, "postgresql, killed": RUN},
        "accept_killed": {"postgresql": CLEAN | {"acknowledged": 10, "kills": 4}},
        "peers": {"PouchDB replication": PEER},
        "skipped": {"thingsboard-gateway": "Overdue: not within 150 s"},
    }
    return whole | more


def verdict(told: dict[str, object], what: str) -> object:
    return next(r["verdict"] for r in report.judged(told) if r["what"].startswith(what))


def test_every_target_stands_in_the_table_measured_or_not() -> None:
    told = found()
    text = report.markdown(told, report.judged(told))
    assert all(f"| {target.what} |" in text for target in TARGETS)
    assert verdict(told, "drain to hospital-committed (PostgreSQL)") == "must met"
    assert verdict(told, "drain to broker") == "not measured"
    assert verdict(found(alert={"ours": 300, "plain": 289}), "a lone alert") == "missed"
    assert "Skipped: thingsboard-gateway (Overdue: not within 150 s)." in text


@pytest.mark.parametrize("where", ["ours", "accept_killed"])
def test_what_loses_a_reading_has_no_speed(where: str) -> None:
    run = RUN | {"lost": 1} if where == "ours" else {"lost": 1, "doubled": 0, "kills": 4}
    told = found()
    held = told[where]
    assert isinstance(held, dict)
    told[where] = held | {"postgresql": run}
    assert report.is_amiss(told)
    assert not report.is_amiss(found())
    assert verdict(told, "drain to hospital-committed (PostgreSQL)") == "not measured"


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(meter.Overdue, match="a peer: not within"), meter.limit(0.5, "a peer"):
        meter.wait(lambda: False, 60, "what never comes")


def test_a_relay_outlives_an_upstream_that_is_away() -> None:
    port = meter.free_port()
    relay = meter.Relay(port)
    with socket.create_connection(("127.0.0.1", relay.port), 30) as early:
        assert early.recv(1) == b""
    with (
        socket.create_server(("127.0.0.1", port)) as upstream,
        socket.create_connection(("127.0.0.1", relay.port), 30) as late,
    ):
        late.sendall(b"x")
        near, _ = upstream.accept()
        with near:
            assert near.recv(1) == b"x"
            near.sendall(b"y")
            assert late.recv(1) == b"y"
    relay.close()


def test_a_source_that_is_killed_has_what_it_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "box.db"
    Store.create(database, "box-bench").close()
    command = [sys.executable, "-m", "benchmarks.link.acknowledge", str(database), "5", "9000"]
    work = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert work.stdout is not None
    said = [int(work.stdout.readline()) for _ in range(20)]
    work.kill()
    said += [int(line) for line in work.stdout]
    work.wait()
    work.stdout.close()
    store = Store.open(database)
    rows = store.rows("SELECT record FROM journal WHERE kind = 'reading'")
    store.close()
    held = [int(json.loads(row["record"])["body"]["record"]) for row in rows]
    assert said == list(range(5, 5 + len(said)))
    assert held[: len(said)] == said
    assert len(held) <= len(said) + 1
