"""What the rules found at a clinic, as the hospital keeps it, judges it once more and shows it."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner
from desk_scene import Doctor
from flask import Flask
from hand_clock import HandClock
from readings import cuff, pressure

from edge.assessments import rule_log, second_judgement
from edge.assessments.rule_log import RuleEvent
from edge.model.entry import Entry, EntryKind
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake, retract
from edge.rules import rules
from edge.store import journal
from edge.store.store import Store
from hospital.archive import Archive
from hospital.cli.rule_commands import compare_rules
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import assessments
from hospital.receiving import apply
from sync.keys.keys import BoxKeys

BOX = Box("box-test", "Chak 14", BoxKeys.generate().public, "0c", 1)


@pytest.fixture(autouse=True)
def known(archive: Archive) -> None:
    """Admit the box of these tests."""
    with archive.transaction():
        boxes.enter(archive, BOX)


def send(store: Store, archive: Archive, after: int = 0) -> list[Entry]:
    """Put what a box wrote after an entry away at the hospital."""
    entries = [entry for _, entry in journal.since(store, after)]
    first = archive.rows("SELECT count(*) AS n FROM record")[0]["n"] + 1
    with archive.transaction():
        apply.keep(archive, BOX, (1, "c", first), [entry.canonical() for entry in entries], 5)
    return entries


def measured(store: Store, hand: HandClock, **form: str) -> tuple[str, int]:
    patient = register.register(store, hand.now(), PatientForm("Sita", **form), "w1")
    low = cuff(hand.now(), pressure(85, 50, 135), device=None, patient=patient.id)
    return patient.id, intake.accept(store, low).entry


def oxygen(store: Store, hand: HandClock, patient: str) -> None:
    value = Measurement(Kind.OXIMETRY, (Value(Code.SPO2, Decimal(80), "%"),))
    intake.accept(store, Reading(value, hand.now(), "typed", patient_id=patient))


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def test_the_hospital_judges_the_same_facts_alike(
    store: Store, hand: HandClock, app: Flask, archive: Archive, doctor: Doctor
) -> None:
    patient, entry = measured(store, hand, birth="1960", sex="female")
    send(store, archive)
    found = assessments.of_person(archive, [patient])
    assert {one.rule for one in found} >= {"news2", "hypotension"}
    seconds = [second_judgement.of(one, rules()) for one in found]
    assert all(second is not None and second.agrees and second.same_table for second in seconds)
    page = doctor.client.get(f"/patients/{patient}").text
    assert "What the rules said" in page
    assert "Judged here once more: the same." in page
    assert "Draft: no clinician has signed it" in page
    assert "not the same" not in page
    section = page.partition('id="assessments-title"')[2].partition("</section>")[0]
    open_part = re.sub(r"<details>.*?</details>|<[^>]*>", "", section, flags=re.DOTALL)
    assert "All that was reckoned" in section
    assert rules()["hypotension"].title in open_part
    assert rules()["hypotension"].responses[True].staff in html.unescape(open_part)
    assert not re.search(r"\w_\w|at least|\b[0-9a-f]{12}", open_part)

    before = store.journal_position()
    retract.strike(store, hand.now(), entry, "trial", actor="w1")
    send(store, archive, before)
    assert all(one.taken_back for one in assessments.of_person(archive, [patient]))


def test_a_difference_is_shown_and_listed_and_changes_nothing(
    store: Store, hand: HandClock, app: Flask, archive: Archive, doctor: Doctor
) -> None:
    patient, _ = measured(store, hand, birth="1960", sex="male")
    entries = [entry for _, entry in journal.since(store, 0)]
    [scored] = [e for e in entries if e.kind == EntryKind.ASSESSMENT and e.body["rule"] == "news2"]
    other = replace(scored, body={**scored.body, "level": "routine", "version": "0"})
    with archive.transaction():
        kept = [e.canonical() for e in entries if e is not scored] + [other.canonical()]
        apply.keep(archive, BOX, (1, "c", 1), kept, 5)
    assert "not the same" in doctor.client.get(f"/patients/{patient}").text
    found = second_judgement.compare(assessments.from_day(archive, "2000-01-01"), rules())
    [difference] = found.differences
    assert (difference.was["level"], difference.rule) == ("routine", "news2")
    stored = [one for one in assessments.of_person(archive, [patient]) if one.rule == "news2"]
    assert [one.level for one in stored] == ["routine"]
    refused = CliRunner().invoke(compare_rules, ["--from", "yesterday"])
    assert refused.exit_code != 0


def test_what_no_rule_could_judge_is_on_the_list_of_alerts(
    store: Store, hand: HandClock, app: Flask, archive: Archive, doctor: Doctor
) -> None:
    patient = register.register(store, hand.now(), PatientForm("Bilal"), "w1").id
    oxygen(store, hand, patient)
    send(store, archive)
    page = doctor.client.get("/alerts").text
    assert "No alert can be given" in page
    assert "Not judged, because the age is not known" in page
    assert (
        "Not judged, because the age is not known" in doctor.client.get(f"/patients/{patient}").text
    )


def test_each_rule_has_a_page_and_says_what_became_of_its_table(
    store: Store, hand: HandClock, app: Flask, archive: Archive, doctor: Doctor
) -> None:
    event = RuleEvent("news2", "1", "ab" * 32, rule_log.OVERRIDE, "Dr Aziz", "spo2: hills")
    rule_log.note(store, hand.now(), event)
    send(store, archive)
    listed = doctor.client.get("/rules").text
    assert "news2" in listed
    assert "spo2: hills" in listed
    for name, rule in rules().items():
        page = doctor.client.get(f"/rules/{name}").text
        assert rule.sha256 in page
        assert "Source" in page
    assert "Consciousness (ACVPU)" in doctor.client.get("/rules/news2").text
    assert doctor.client.get("/rules/none").status_code == 404


def test_facts_that_are_no_map_are_kept_and_entered_nowhere(
    store: Store, hand: HandClock, archive: Archive
) -> None:
    measured(store, hand, birth="1960", sex="male")
    [scored, *_] = [e for _, e in journal.since(store, 0) if e.kind == EntryKind.ASSESSMENT]
    wrong = replace(scored, body={**scored.body, "facts": json.dumps([1])})
    with archive.transaction():
        apply.keep(archive, BOX, (1, "c", 1), [wrong.canonical()], 5)
    [row] = archive.rows("SELECT trouble FROM record")
    assert "no map" in row["trouble"]
    assert archive.rows("SELECT 1 FROM assessment") == []
