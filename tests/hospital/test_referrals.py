"""Referrals and reports of all clinics at the desk: listed, answered, never trusted."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import desk_scene
import pytest
from desk_scene import HUNZA, NOW_MS, ORIGIN, THAR, WEI, ZAHRA, Doctor
from werkzeug.test import TestResponse

from edge.notifications.weeks import Week
from edge.referrals.letter import LetterReading, Summary
from hospital.archive import Archive, scalar
from hospital.feed import feed
from hospital.fleet.boxes import Box
from hospital.patients import notifications, referrals

ID, OTHER = (str(UUID(int=n)) for n in (7, 8))
DAY_MS = 24 * 3_600_000
LETTER = Summary(
    {"name": "Zahra", "allergies": "listed", "by": "Sana"},
    {"allergies": ("Penicillin",), "complaints": ("chest-pain",)},
    (LetterReading("8480-6", "184", "mm[Hg]", at=str(NOW_MS), source="device", model="UA-651"),),
)


def made(identity: str = ID, patient: str = ZAHRA, **more: Any) -> dict[str, object]:
    body = {
        "referral": identity,
        "patient": patient,
        "day": "2026-11-22",
        "state": "made",
        "reason": "Chest <pain>",
        "urgency": "urgent",
        "to": "District hospital",
        "transport": "ambulance",
        "summary": json.dumps(LETTER.body()),
    }
    return {"kind": "referral", "body": body | more}


def step(state: str, t_ms: int, identity: str = ID, **more: str) -> dict[str, object]:
    body = {"referral": identity, "patient": ZAHRA, "day": "2026-11-23", "state": state}
    return {"kind": "referral", "body": body | more, "t_ms": t_ms}


def page(doctor: Doctor, path: str) -> str:
    text = re.sub(r"<[^>]+>", " ", doctor.client.get(path).text)
    return re.sub(r"\s+", " ", text)


def send(doctor: Doctor, **form: str) -> TestResponse:
    data = {"csrf": doctor.csrf(), **form}
    return doctor.client.post(f"/referrals/{ID}", data=data, headers=ORIGIN)


def troubles(archive: Archive) -> int:
    return scalar(archive, "SELECT count(*) AS n FROM record WHERE trouble IS NOT NULL")


def test_an_open_referral_is_listed_escaped_with_its_letter(
    doctor: Doctor, archive: Archive
) -> None:
    desk_scene.keep(archive, THAR, made())
    assert "Chest &lt;pain&gt;" in doctor.client.get("/referrals").text
    letter = page(doctor, f"/referrals/{ID}")
    for said in ("Penicillin", "184", "UA-651", "by ambulance", "Overdue"):
        assert said in letter, said
    assert "Chest &lt;pain&gt;" in page(doctor, f"/patients/{ZAHRA}")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_its_state_is_that_of_the_newest_step_in_any_order_of_arrival(
    doctor: Doctor, archive: Archive, order: tuple[int, ...]
) -> None:
    records = [made(), step("arrived", 60_000), step("closed", 120_000, outcome="treated")]
    for place in order:
        desk_scene.keep(archive, THAR, records[place])
    found = referrals.one(archive, ID)
    assert found is not None
    assert (found.state, found.outcome, found.is_open) == ("closed", "treated", False)
    assert "No referral is open" in page(doctor, "/referrals")
    assert [one.state for one in referrals.steps(archive, found)] == ["made", "arrived", "closed"]


def test_an_answer_goes_to_the_clinic_that_referred_and_to_no_other(
    doctor: Doctor, archive: Archive
) -> None:
    desk_scene.keep(archive, THAR, made())
    assert send(doctor).status_code == 422
    said = {"arrived": "yes", "findings": "Angina", "outcome": "admitted", "todo": "Rest"}
    assert send(doctor, **said).status_code == 303
    item = feed.get(archive, THAR.clinic, "referral", ID)
    assert item is not None
    assert said.items() <= item.body.items()
    assert item.body["by"] == desk_scene.DOCTOR
    assert feed.get(archive, HUNZA.clinic, "referral", ID) is None
    assert "Waiting for the clinic" in page(doctor, f"/referrals/{ID}")
    assert "Written to the clinic Nothing has been written" in page(doctor, f"/patients/{ZAHRA}")
    assert send(doctor, outcome="treated").status_code == 303
    again = feed.get(archive, THAR.clinic, "referral", ID)
    assert again is not None
    assert again.rev == 2
    assert send(doctor, outcome="magic").status_code == 422


def test_the_answered_stand_behind_the_unanswered(doctor: Doctor, archive: Archive) -> None:
    desk_scene.keep(archive, THAR, made(), made(OTHER, reason="Eye"))
    send(doctor, findings="Angina")
    assert [one.id for one in referrals.open_ones(archive)] == [OTHER, ID]
    assert referrals.count_open(archive) == 1
    desk_scene.keep(archive, HUNZA, made(str(UUID(int=9)), WEI))
    only = page(doctor, f"/referrals?clinic={HUNZA.clinic.replace('&', '%26')}")
    assert "Eye" not in only
    assert referrals.clinics(archive) == sorted([HUNZA.clinic, THAR.clinic])


def test_a_clinic_says_nothing_of_anothers_referral(archive: Archive, doctor: Doctor) -> None:
    desk_scene.keep(archive, THAR, made())
    desk_scene.keep(archive, HUNZA, step("closed", 5, outcome="died"), made(reason="mine"))
    found = referrals.one(archive, ID)
    assert found is not None
    assert (found.state, found.reason, found.clinic) == ("made", "Chest <pain>", THAR.clinic)
    assert troubles(archive) == 2
    assert doctor.client.get(f"/referrals/{ID}").status_code == 200


def test_a_referral_of_a_patient_whom_the_clinic_does_not_know_is_on_no_chart(
    archive: Archive, doctor: Doctor
) -> None:
    desk_scene.keep(archive, HUNZA, made())
    assert referrals.of_person(archive, [ZAHRA]) == []
    assert "does not know the patient" in page(doctor, "/referrals")
    waiting = page(doctor, f"/patients/{ZAHRA}/withheld")
    assert "Referral: Chest &lt;pain&gt;" in waiting
    form = {"csrf": doctor.csrf(), "what": "referral", "item": ID}
    doctor.client.post(f"/patients/{ZAHRA}/withheld", data=form, headers=ORIGIN)
    assert [one.id for one in referrals.of_person(archive, [ZAHRA])] == [ID]


@pytest.mark.parametrize(
    "more",
    [
        {"referral": ""},
        {"referral": "../x"},
        {"state": "of-a-later-release"},
        {"day": "tomorrow"},
        {"summary": "x" * 30_000},
    ],
)
def test_what_is_no_referral_is_kept_as_a_record_and_entered_nowhere(
    archive: Archive, more: dict[str, str]
) -> None:
    desk_scene.keep(archive, THAR, made(**more))
    assert referrals.open_ones(archive) == []
    assert troubles(archive) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"texts": 5, "readings": [[], {"code": 1}]}', "9"]
)
def test_a_letter_that_is_none_is_shown_as_far_as_it_goes(
    archive: Archive, doctor: Doctor, text: str
) -> None:
    desk_scene.keep(archive, THAR, made(summary=text))
    assert doctor.client.get(f"/referrals/{ID}").status_code == 200


def test_who_has_died_leaves_the_list_of_all_clinics(archive: Archive, doctor: Doctor) -> None:
    desk_scene.keep(archive, THAR, made())
    with archive.transaction():
        archive.execute("UPDATE patient SET deceased = '2026-11-29' WHERE id = ?", (ZAHRA,))
    assert referrals.open_ones(archive) == []
    assert len(referrals.of_person(archive, [ZAHRA])) == 1
    assert "No referral is open" in page(doctor, "/referrals")


def case(box: Box, n: int, patient: str | None, **more: Any) -> dict[str, object]:
    body = {"id": str(UUID(int=n)), "disease": "measles", "day": "2026-11-25", "state": "suspected"}
    body |= {"patient": patient} if patient else {}
    return {"kind": "notification", "body": body | more, "t_ms": more.get("t", 0)}


def test_the_desk_counts_a_week_as_the_box_does(archive: Archive, doctor: Doctor) -> None:
    week = Week(2026, 48)
    none = {"disease": "none", "state": "none", "week": "2026-w48"}
    desk_scene.keep(archive, THAR, case(THAR, 1, ZAHRA), case(THAR, 2, ZAHRA, state="ruled-out"))
    desk_scene.keep(archive, HUNZA, case(HUNZA, 3, None, **none))
    counts = notifications.counts(archive, week)
    assert counts[THAR.clinic].suspected == {"measles": 1}
    assert counts[HUNZA.clinic].is_zero
    assert "Measles suspected, 2026-11-25" in page(doctor, f"/patients/{ZAHRA}")
    shown = page(doctor, "/notifications?week=2026-w48")
    assert "Measles: 1, of these confirmed 0" in shown
    assert "no case, reported" in shown
    later = case(THAR, 1, ZAHRA, state="confirmed")
    desk_scene.keep(archive, THAR, later | {"t_ms": 90_000})
    assert notifications.counts(archive, week)[THAR.clinic].confirmed == {"measles": 1}
    assert "no report" in page(doctor, "/notifications?week=2026-w40")
    for week_of in ("x", "0001-w01", "9999-w52", "1900-w01", "2199-w52"):
        assert doctor.client.get(f"/notifications?week={week_of}").status_code == 200
