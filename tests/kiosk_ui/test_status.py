"""The strip and the technician's view: the truth about the link, from receipts alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from kiosk_desk import Desk, cuff

from edge.equipment import controls, registry
from edge.equipment.registry import Device
from edge.model.clock import Clock
from edge.model.entry import Lane
from edge.model.languages import CODES
from edge.model.reading import CodedValue, Kind, Measurement, Reading, Value
from edge.store import issues, outbox
from edge.store.store import Store
from kiosk_ui import catalogs


def strip(client: FlaskClient) -> str:
    return client.get("/strip").text


def test_nothing_recorded_is_not_called_complete(client: FlaskClient) -> None:
    assert "Nothing has been recorded yet" in strip(client)


def test_only_receipts_count(client: FlaskClient, store: Store, clock: Clock) -> None:
    for systolic in range(120, 132):
        cuff(store, clock, str(systolic), "80")
    outbox.mark_sent(store, Lane.CLINICAL, 12)
    outbox.set_link(store, "up", clock.now())
    assert "none confirmed by the hospital yet" in strip(client)
    outbox.mark_custody(store, Lane.CLINICAL, 4, 4, clock.now())
    assert 'class="number">4</bdi> of <bdi dir="ltr" class="number">12</bdi>' in strip(client)
    assert 'class="number">8</bdi> waiting, safe here' in strip(client)
    assert 'class="told safe"' in strip(client)
    outbox.mark_custody(store, Lane.CLINICAL, 12, 12, clock.now())
    assert "All " in strip(client)
    assert 'class="told good"' in strip(client)


def test_while_there_is_no_line_the_strip_says_when_there_usually_is(
    client: FlaskClient, store: Store, clock: Clock
) -> None:
    outbox.set_link(store, "down", clock.now())
    assert "Usually online" not in strip(client)
    with store.transaction():
        for day in range(5):
            for slot in (36, 37, 38):
                store.execute("INSERT INTO contact VALUES (?, ?, 900)", (day, slot))
    assert "18:00–19:30" in strip(client)
    assert "18:00–19:30" in client.get("/status").text
    outbox.set_link(store, "up", clock.now())
    assert "Usually online" not in strip(client)
    assert "18:00–19:30" in client.get("/status").text


@pytest.mark.parametrize("kind", sorted(issues.BY_NAME))
@pytest.mark.parametrize("language", CODES)
def test_each_condition_is_a_sentence(
    client: FlaskClient, store: Store, clock: Clock, kind: str, language: str
) -> None:
    client.set_cookie("language", language)
    issues.note(store, clock.now(), kind, "Contec CMS50D+", "12 MB")
    page = client.get("/status").text
    assert "%(" not in page
    if language == "en":
        words = issues.current(store)[0].sentence().split(";")[0].split(".")[0]
        assert words.split("{")[0][:20] in page.replace("<bdi>", "").replace("</bdi>", "")


def test_every_kind_of_issue_has_a_translated_sentence_of_its_own() -> None:
    words = {text.id for text in catalogs.template()}
    assert {kind.sentence for kind in issues.ISSUES} <= words
    assert len({kind.sentence for kind in issues.ISSUES}) == len(issues.BY_NAME)


def test_devices_show_state_and_battery(client: FlaskClient, store: Store, clock: Clock) -> None:
    registry.met(store, clock.now(), Device("x", "Beurer FT 95", "ble", "a", "connected"))
    registry.set_battery(store, "x", 15)
    page = client.get("/status").text
    assert "Beurer FT 95" in page
    assert "ready" in page
    assert "15 %" in page
    assert "low" in page


def test_quality_control_has_a_page_of_its_own(desk: Desk, store: Store, clock: Clock) -> None:
    signed_in = desk.client
    assert "Quality control" not in signed_in.get("/status").text
    for number in range(52):
        value = Value("718-7", Decimal(f"12.{number}"), "g/dL")
        measured = Measurement(
            Kind.LABORATORY,
            (value,),
            record=f"QC-{number}",
            coded=(CodedValue("75622-1", "negative"),),
        )
        controls.file(store, Reading(measured, clock.now(), "device", "usb-1", "ASTM analyser"))
    assert '"/controls"' in signed_in.get("/status").text
    first = signed_in.get("/controls").text
    assert "QC-51" in first
    assert "negative" in first
    assert "QC-1<" not in first
    older = first.split("/controls?before=")[1].split('"')[0]
    second = signed_in.get(f"/controls?before={older}").text
    assert "QC-1<" in second
    assert "Show more" not in second
    assert signed_in.get("/controls?before=99999999999999999999").status_code == 200
