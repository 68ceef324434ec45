"""What a user would write first: one row a transaction, QoS 1, wait for PUBACK, delete.

`accept DB FILE` stores the lines of a file; `drain DB PORT WINDOW` sends what is stored, for ever.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

TOPIC = "clinic/0042/vitals"


def opened(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    for pragma in ("journal_mode=wal", "synchronous=full"):
        database.execute(f"pragma {pragma}")
    database.execute(
        "create table if not exists outbox"
        " (seq integer primary key autoincrement, id text unique, body text)"
    )
    return database


def accept(database: sqlite3.Connection, lines: list[str]) -> None:
    for line in lines:
        row = (json.loads(line)["id"], line)
        database.execute("insert or ignore into outbox (id, body) values (?, ?)", row)


def drain(database: sqlite3.Connection, port: int, window: int) -> None:
    client = Client(CallbackAPIVersion.VERSION2, "naive")
    client.max_inflight_messages_set(max(20, window))
    client.connect("127.0.0.1", port)
    client.loop_start()
    sql = "select seq, body from outbox order by seq limit ?"
    while True:
        rows = database.execute(sql, (window,)).fetchall()
        if not client.is_connected() or not rows:
            time.sleep(0.01)
            continue
        for sent in [client.publish(TOPIC, body, 1) for _, body in rows]:
            sent.wait_for_publish()
        database.execute("delete from outbox where seq <= ?", (rows[-1][0],))


if __name__ == "__main__":
    held = opened(sys.argv[2])
    if sys.argv[1] == "accept":
        accept(held, Path(sys.argv[3]).read_text().splitlines())
    else:
        drain(held, int(sys.argv[3]), int(sys.argv[4]))
