"""A box whose records are gone shows one sentence and the newest copy, on every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hand_clock import HandClock
from kiosk_desk import Desk

from edge.jobs import backup
from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff.staff import Staff
from edge.store import copies, damage, journal
from edge.store.store import Store


@pytest.mark.parametrize("what", ["gone", "empty", "another box's"])
@pytest.mark.parametrize("page", ["/", "/status", "/sign-in", "/strip"])
def test_no_page_goes_on_without_its_records(
    client: FlaskClient, store: Store, settings: Settings, box_file: Path, what: str, page: str
) -> None:
    with store.transaction():
        journal.append(store, "view", HandClock().now(), {"what": "something to copy"})
    backup.run(store, settings, HandClock().now())
    store.close()
    for file in box_file.parent.glob("box.db*"):
        file.unlink()
    if what == "empty":
        box_file.write_bytes(b"")
    if what == "another box's":
        Store.create(box_file, "box-other").close()
    answer = client.get(page)
    assert answer.status_code == 503
    assert "The records of this box are missing, or belong to another box." in answer.text
    assert copies.listed(settings.backup)[0].file.name in answer.text
    assert what != "gone" or not box_file.exists()


def test_a_technician_says_that_the_damage_is_known(
    desk: Desk, store: Store, clock: Clock, sana: Staff
) -> None:
    with store.transaction():
        journal.append(store, "view", clock.now(), {"what": "one"})
        store.execute("UPDATE journal SET record = replace(record, 'one', 'two')")
    assert damage.check(store, clock.now())
    words = "I know that records are damaged or missing"
    shown = desk.client.get("/status").text
    assert "Records on the disk are damaged" in shown
    assert words not in shown  # a worker calls the technician
    with store.transaction():
        store.execute("UPDATE staff SET role = 'technician' WHERE id = ?", (sana.id,))
    assert words in desk.client.get("/status").text
    desk.post("/status/acknowledge")
    shown = desk.client.get("/status").text
    assert "Records on the disk are damaged" not in shown
    assert words not in shown
    [(_, said)] = journal.since(store, store.journal_position() - 1)
    assert said.actor == sana.id
