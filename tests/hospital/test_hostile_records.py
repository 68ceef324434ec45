"""One bad row, or one box that sends absurd numbers, must not take the desk from the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import every_kind
import pytest
from desk_scene import NOW_MS, THAR, Doctor
from flask import Flask
from hand_clock import HandClock

from edge.model.bounds import LAST_MS, MAX_COUNT
from edge.model.entry import canonical_json
from edge.store import journal
from edge.store.store import Store
from hospital.archive import Archive
from hospital.receiving import apply, custody
from sync.core import wire
from sync.core.feed_messages import Ask, decode_ask, encode_ask
from sync.core.wire import MessageError
from sync.courier import telemetry
from sync.courier.telemetry import Status

NUMBERS = (-1, 0, 2**31, LAST_MS, LAST_MS + 1, MAX_COUNT, MAX_COUNT + 1, 2**62, 2**63 - 1, 2**63)
TEXTS = (
    "",
    "x" * 3000,
    "9999-12-31",
    "0000-13-45",
    "-0001",
    "1E+999999",
    "NaN",
    "\u202e<b>",
    "9" * 99,
)
OTHERS = (None, True, [], {}, [[]], {"a": 1})
HOSTILE = (*NUMBERS, *TEXTS, *OTHERS)


def replaced(value: object) -> Iterator[object]:
    """Yield a body again and again, each time with one part replaced by something hostile."""
    yield from HOSTILE
    if isinstance(value, dict):
        for key in value:
            for other in replaced(value[key]):
                yield value | {key: other}
    elif isinstance(value, list):
        for place in range(len(value)):
            for other in replaced(value[place]):
                yield [*value[:place], other, *value[place + 1 :]]


def hostile_records(store: Store) -> list[bytes]:
    """Return the records of every kind, whole and with each part replaced."""
    found: dict[bytes, None] = {}
    for _, written in journal.since(store, 0):
        entry = json.loads(written.canonical())
        for changed in (entry, *({**entry, "body": b} for b in replaced(entry["body"]))):
            found[canonical_json(changed)] = None
        for at in replaced(entry["at"]):
            found[canonical_json(entry | {"at": at})] = None
    return list(found)


def pages(app: Flask, archive: Archive) -> Iterator[str]:
    """Yield the address of every page that a clinician can open, of everything that is there."""
    patients = [r["id"] for r in archive.rows("SELECT id FROM patient")]
    alerts = [r["id"] for r in archive.rows("SELECT id FROM alert")]
    referrals = [r["id"] for r in archive.rows("SELECT id FROM referral")]
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        if "item_id" in rule.arguments or "file_id" in rule.arguments:
            continue
        for patient in patients if "patient_id" in rule.arguments else [""]:
            for alert in alerts if "alert_id" in rule.arguments else [""]:
                for referral in referrals if "referral_id" in rule.arguments else [""]:
                    place = rule.rule.replace("<patient_id>", quote(patient, safe=""))
                    place = place.replace("<referral_id>", referral)
                    yield place.replace("<alert_id>", quote(alert, safe=""))


def failing(app: Flask, doctor: Doctor, archive: Archive) -> list[tuple[str, int]]:
    found = [(page, doctor.client.get(page).status_code) for page in pages(app, archive)]
    return [(page, status) for page, status in found if status >= 500]


def test_whatever_a_record_says_every_page_of_the_desk_opens(
    app: Flask, doctor: Doctor, archive: Archive, store: Store, tmp_path: Path
) -> None:
    every_kind.write(store, tmp_path, HandClock())
    records = hostile_records(store)
    assert len(records) > 1000
    for first in range(0, len(records), 200):
        with archive.transaction():
            apply.keep(archive, THAR, (1, "c", first + 1), records[first : first + 200], NOW_MS)
    assert failing(app, doctor, archive) == []


OLD = (
    f"UPDATE reading SET wall_ms = {2**62}, received_ms = {2**62}",
    f"UPDATE reading SET t_ms = {2**62}, boot = {2**62}",
    f"UPDATE alert SET wall_ms = {2**62}, received_ms = {2**63 - 1}",
    f"UPDATE box SET heard_ms = {2**62}, status_ms = {2**62}, missing = {2**62}",
    f"UPDATE patient SET changed_ms = {2**62}, birth = '0000-13-45', sex = 'unheard-of'",
    f"UPDATE stream SET told = {2**63 - 1}",
    f"INSERT INTO anchor VALUES ('{THAR.id}', 1, 0, {2**62}, 5, 'ntp')",
)
"""Rows as an older release may have let in."""


@pytest.mark.parametrize("change", OLD)
def test_a_row_that_cannot_be_shown_hides_no_other(
    app: Flask, doctor: Doctor, archive: Archive, change: str
) -> None:
    with archive.transaction():
        for lane in "abc":
            sql = "INSERT INTO stream (box, epoch, lane, chain, safe_chain) VALUES (?, 0, ?, ?, ?)"
            archive.execute(sql, (THAR.id, lane, b"", b""))
        archive.execute(change)
    assert failing(app, doctor, archive) == []


def test_what_a_box_may_say_of_itself_at_most_is_shown(
    app: Flask, doctor: Doctor, archive: Archive
) -> None:
    most = Status(
        {lane: (MAX_COUNT, 0) for lane in "abcdefgh"}, LAST_MS, (), "1", "ntp", MAX_COUNT, 2**40
    )
    again = telemetry.decode(telemetry.encode(most))
    with archive.transaction():
        custody.status(archive, telemetry.header(THAR.id, 0, b"", 1), again, NOW_MS)
    assert failing(app, doctor, archive) == []


def test_the_wire_takes_no_count_and_no_time_beyond_what_it_means() -> None:
    assert wire.count(MAX_COUNT) == MAX_COUNT
    assert wire.moment(LAST_MS) == LAST_MS
    for refused in (-1, MAX_COUNT + 1, 2**63 - 1):
        with pytest.raises(MessageError):
            wire.count(refused)
    for refused in (-1, LAST_MS + 1, MAX_COUNT):
        with pytest.raises(MessageError):
            wire.moment(refused)
    over = telemetry.encode(Status({}, LAST_MS + 1, (), "1", "ntp", 1, 1))
    with pytest.raises(MessageError):
        telemetry.decode(over)


def test_the_feeds_epoch_is_drawn_at_random_and_may_be_large() -> None:
    large = 2**63 - 1
    assert decode_ask(encode_ask(Ask(large, 1))).epoch == large
    with pytest.raises(MessageError):
        decode_ask(encode_ask(Ask(large + 1, 1)))
