"""Field cases about the disk: what it changes by itself is told and not sent as genuine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from hand_house import Post

from edge.store import issues, outbox
from hospital.receiving import custody, ledger
from provisioning.status import status


def damaged_record(tmp_path: Path) -> None:
    """One letter of a record changes while the courier is stopped; the courier goes on."""
    post = Post(tmp_path)
    post.record(3)
    post.online()
    post.record(5)
    genuine = post.made()
    plain = sqlite3.connect(post.settings.database)
    with plain:
        plain.execute("UPDATE journal SET record = replace(record, 'salt', 'malt') WHERE id = 6")
    plain.close()
    (changed,) = post.made() - genuine
    post.online()
    assert len(genuine & post.held()) == 7
    assert changed not in post.held()
    [told] = post.archive.rows("SELECT trouble FROM record WHERE kind = 'tombstone'")
    assert "changed on the box's disk" in told["trouble"]
    assert {line.epoch for line in ledger.of(post.archive, "box-test")} == {1}
    assert custody.refusals(post.archive) == {}
    assert outbox.ledger(post.store).agrees
    assert [c.kind for c in issues.current(post.store)] == ["records-damaged"]
    assert "records-damaged" in str(status(post.settings, post.store)["conditions"])
    post.close()


CASES: dict[str, Callable[..., None]] = {"FL21": damaged_record, "FL48": damaged_record}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
