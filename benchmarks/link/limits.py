"""The raw limits: what the machine itself can do at the moment, in the same run."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.link.peers import TOPIC, Broker
from benchmarks.link.readings import lines

WINDOW = 8


def bare_insert(folder: Path, texts: Sequence[str]) -> float:
    """Return rows a second of one fsynced insert a transaction (WAL, synchronous=FULL)."""
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=wal", "synchronous=full"):
        database.execute(f"pragma {pragma}")
    database.execute(
        "create table if not exists t (seq integer primary key, id text unique, body text)"
    )
    begin = time.monotonic()
    for text in texts:
        row = (f"{time.monotonic_ns():x}", text)
        database.execute("insert into t (id, body) values (?, ?)", row)
    took = time.monotonic() - begin
    database.close()
    return len(texts) / took


def paho_rate(folder: Path, count: int, per_message: int) -> float:
    """Return readings a second by paho QoS 1, so many to a message and a window of 8."""
    broker = Broker(folder / "raw")
    broker.start()
    client = Client(CallbackAPIVersion.VERSION2, "raw")
    client.max_inflight_messages_set(WINDOW)
    room = threading.Semaphore(WINDOW)
    client.on_publish = lambda *_: room.release()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    texts = lines(count)
    batches = ["\n".join(texts[i : i + per_message]) for i in range(0, count, per_message)]
    begin = time.monotonic()
    for batch in batches:
        room.acquire()
        client.publish(TOPIC, batch, 1)
    for _ in range(WINDOW):
        room.acquire()
    took = time.monotonic() - begin
    client.disconnect()
    client.loop_stop()
    broker.stop()
    return count / took


def copy_rate(address: str, count: int, per_transaction: int = 500) -> float:
    """Return rows a second of COPY into a table with a text key and jsonb, 500 a transaction."""
    rows = [(text[7:39], text) for text in lines(count)]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("DROP TABLE IF EXISTS raw")
        connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body JSONB)")
        begin = time.monotonic()
        for first in range(0, count, per_transaction):
            with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy("COPY raw FROM STDIN") as copy,
            ):
                for row in rows[first : first + per_transaction]:
                    copy.write_row(row)
        return count / (time.monotonic() - begin)


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """Run a PostgreSQL of our own, durable as in life; yield what makes an empty database."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))
    from postgres import cluster  # type: ignore[import-not-found]

    with cluster() as running:
        running.stop("fast")
        running.start(durable=True)
        yield running.fresh
