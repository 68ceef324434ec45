"""A clinic may say something about a patient only if it knows them: all else waits for a word."""

from __future__ import annotations

import pytest
from desk_scene import (
    DOCTOR,
    HUNZA,
    NOW_MS,
    ORIGIN,
    THAR,
    WEI,
    ZAHRA,
    Doctor,
    alert,
    keep,
    patient,
    people,
    pressure,
    sealed,
)

from edge.model.entry import content_id
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.files import patient_files
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import links, messages, withheld
from hospital.views import chart

NEW = "0190-new"
ACT = (DOCTOR, NOW_MS)


def begin(archive: Archive) -> None:
    with archive.transaction():
        for box in (THAR, HUNZA):
            boxes.enter(archive, box)
    people(archive)


def photo(identity: str) -> dict[str, object]:
    body = {
        "id": "0190b1c2-0000-7000-8000-000000000001",
        "key": "00" * 32,
        "mime": "image/jpeg",
        "bytes": 10,
        "total": 1,
        "sha256": "00",
        "patient": identity,
    }
    return {"kind": "file", "body": body}


def identity(box: Box, row: dict[str, object]) -> str:
    return str(content_id(box.id, sealed(row)))


def sends(archive: Archive, box: Box, about: str) -> dict[str, object]:
    """Let a box send a reading with an alert, and a photo; return the reading."""
    ill = pressure(about, "85", "50", t_ms=99_000, model="away")
    keep(archive, box, ill, alert(box, about, ill), photo(about))
    return ill


def on_chart(archive: Archive, about: str) -> tuple[list[str | None], int, int]:
    """Return the models of a patient's readings, and how many alerts and files there are."""
    return (
        [r.model for r in chart.of_patient(archive, about)],
        len(chart.alerts(archive, patient_id=about)),
        len(patient_files.of_person(archive, [about])),
    )


def test_what_a_clinic_sends_about_anothers_patient_is_kept_and_stands_on_no_chart(
    archive: Archive,
) -> None:
    begin(archive)
    before = on_chart(archive, ZAHRA)
    listed = chart.patient(archive, ZAHRA)
    sends(archive, HUNZA, ZAHRA)
    assert on_chart(archive, ZAHRA) == before
    assert chart.patient(archive, ZAHRA) == listed
    assert withheld.count(archive, [ZAHRA]) == 3
    [waiting] = chart.of_patient(archive, ZAHRA, withheld=True)
    assert (waiting.model, waiting.withheld) == ("away", True)
    assert [a.withheld for a in chart.alerts(archive, patient_id=ZAHRA, withheld=True)] == [True]
    assert len(patient_files.withheld_of(archive, [ZAHRA])) == 1
    assert chart.latest(archive)[0].withheld
    assert sum(a.withheld for a in chart.alerts(archive)) == 1


def test_a_clinic_cannot_claim_its_reading_for_anothers_patient(archive: Archive) -> None:
    begin(archive)
    before = on_chart(archive, ZAHRA)
    reading = pressure(None, "70", "40", t_ms=1)
    claim = {"reading": identity(HUNZA, reading), "patient": ZAHRA}
    keep(archive, HUNZA, reading, {"kind": "claim", "body": claim, "actor": "w"})
    assert on_chart(archive, ZAHRA) == before
    assert withheld.count(archive, [ZAHRA]) == 1
    own = claim | {"patient": WEI}
    keep(archive, HUNZA, {"kind": "claim", "body": own, "actor": "w", "t_ms": 2})
    assert withheld.count(archive, [ZAHRA]) == 0
    assert len(chart.of_patient(archive, WEI)) == 2


def test_a_claim_that_comes_before_its_reading_is_judged_too(archive: Archive) -> None:
    begin(archive)
    reading = pressure(None, "70", "40", t_ms=1)
    claim = {"reading": identity(HUNZA, reading), "patient": ZAHRA}
    keep(archive, HUNZA, {"kind": "claim", "body": claim, "actor": "w"})
    keep(archive, HUNZA, reading)
    assert withheld.count(archive, [ZAHRA]) == 1


def test_an_alert_may_overtake_its_patient_and_is_judged_when_the_patient_comes(
    archive: Archive,
) -> None:
    begin(archive)
    sends(archive, THAR, NEW)
    assert on_chart(archive, NEW) == (["away"], 1, 1)
    sends(archive, HUNZA, NEW)
    keep(archive, THAR, patient(NEW, "Late Registration"))
    assert on_chart(archive, NEW) == (["away"], 1, 1)
    assert [r.clinic for r in chart.of_patient(archive, NEW)] == [THAR.clinic]
    assert withheld.count(archive, [NEW]) == 3


def test_a_clinic_knows_whom_is_shared_with_it_and_what_came_meanwhile_stays(
    archive: Archive,
) -> None:
    begin(archive)
    links.share(archive, ZAHRA, HUNZA.clinic, "has moved", DOCTOR, NOW_MS)
    sends(archive, HUNZA, ZAHRA)
    assert "away" in on_chart(archive, ZAHRA)[0]
    links.withdraw(archive, ZAHRA, HUNZA.clinic, "has moved back", DOCTOR, NOW_MS)
    assert "away" in on_chart(archive, ZAHRA)[0]
    keep(archive, HUNZA, pressure(ZAHRA, "111", "70", t_ms=3))
    assert withheld.count(archive, [ZAHRA]) == 1


def test_a_clinic_knows_the_record_that_stands_for_its_own(archive: Archive) -> None:
    begin(archive)
    links.link(archive, WEI, ZAHRA, "one person", DOCTOR, NOW_MS)
    sends(archive, HUNZA, ZAHRA)
    assert withheld.count(archive, [ZAHRA, WEI]) == 0


def test_a_clinician_puts_it_on_the_chart_once_and_for_that_patient_only(
    archive: Archive,
) -> None:
    begin(archive)
    reading = identity(HUNZA, sends(archive, HUNZA, ZAHRA))
    with pytest.raises(HospitalError):
        withheld.release(archive, [WEI], withheld.READING, reading, ACT)
    with pytest.raises(HospitalError):
        withheld.release(archive, [ZAHRA], "account", reading, ACT)
    before = chart.position(archive)
    withheld.release(archive, [ZAHRA], withheld.READING, reading, ACT)
    assert chart.position(archive) != before
    assert "away" in on_chart(archive, ZAHRA)[0]
    with pytest.raises(HospitalError):
        withheld.release(archive, [ZAHRA], withheld.READING, reading, ACT)
    assert [(r.what, r.account) for r in withheld.releases(archive, [ZAHRA])] == [
        ("reading", DOCTOR)
    ]
    assert withheld.releases(archive, [WEI]) == []


def test_a_clinic_cannot_say_that_it_has_seen_what_was_never_sent_to_it(
    archive: Archive,
) -> None:
    begin(archive)
    messages.reply(archive, ZAHRA, "Come back on Monday", DOCTOR, NOW_MS)
    [one] = messages.about(archive, [ZAHRA])
    seen = {"kind": "seen", "body": {"entity": one.entity, "item": one.id, "rev": one.rev}}
    keep(archive, HUNZA, seen)
    assert archive.rows("SELECT * FROM seen") == []
    keep(archive, THAR, seen)
    assert len(archive.rows("SELECT * FROM seen")) == 1


def test_the_desk_says_what_is_not_on_the_chart_and_leads_there(
    doctor: Doctor, archive: Archive
) -> None:
    reading = identity(HUNZA, sends(archive, HUNZA, ZAHRA))
    page = doctor.client.get(f"/patients/{ZAHRA}").text
    assert "3 from a clinic that does not know this patient" in page
    assert "away" not in page
    for listed in ("/", "/alerts"):
        assert "This clinic does not know the patient" in doctor.client.get(listed).text
    where = f"/patients/{ZAHRA}/withheld"
    shown = doctor.client.get(where).text
    assert "away" in shown
    assert "Photo" in shown
    form = {"what": "reading", "item": reading, "csrf": doctor.csrf()}
    assert doctor.client.post(where, data=form, headers=ORIGIN).status_code == 303
    assert doctor.client.post(where, data=form, headers=ORIGIN).status_code == 422
    assert "away" in doctor.client.get(f"/patients/{ZAHRA}").text
    assert "put on the chart" in doctor.client.get(where).text
