"""What clinicians do at the desk: write, appoint, handle, link and share; each by its author."""

from __future__ import annotations

import re
from html import unescape

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, ORIGIN, RAM, WEI, ZAHRA, Doctor
from flask import Flask
from werkzeug.test import TestResponse

from hospital.feed import feed

TOLD = f"/patients/{ZAHRA}/messages"
RECORDS = f"/patients/{ZAHRA}/records"
SOON = "2099-12-03T09:30"


def post(doctor: Doctor, path: str, **form: str) -> TestResponse:
    form["csrf"] = doctor.csrf()
    return doctor.client.post(path, data=form, headers=ORIGIN)


def page(doctor: Doctor, path: str = f"/patients/{ZAHRA}") -> str:
    text = re.sub(r"<[^>]+>", " ", doctor.client.get(path).text)
    return re.sub(r"\s+", " ", text)


def test_a_reply_is_sent_escaped_with_its_author_and_claims_no_delivery(doctor: Doctor) -> None:
    assert post(doctor, f"{TOLD}/reply", text="<b>Rest</b> آرام").status_code == 303
    html = doctor.client.get(f"/patients/{ZAHRA}").text
    assert "&lt;b&gt;Rest&lt;/b&gt; آرام" in html
    assert f"<bdi>{DOCTOR}</bdi>" in html
    assert "Waiting for the clinic" in html
    assert "On the box" not in html


def test_an_empty_reply_and_a_day_that_is_over_come_back_with_a_sentence(doctor: Doctor) -> None:
    empty = post(doctor, f"{TOLD}/reply", text="  ")
    assert (empty.status_code, "nothing written yet" in empty.text) == (422, True)
    past = post(doctor, f"{TOLD}/appointment", when="2020-01-01T10:00", what="Eye clinic")
    assert (past.status_code, "This day is over" in past.text) == (422, True)
    assert 'value="Eye clinic"' in past.text
    odd = post(doctor, f"{TOLD}/appointment", when="tomorrow", what="")
    assert (odd.status_code, "give the day and the time" in odd.text) == (422, True)


def test_an_appointment_is_made_moved_and_cancelled(doctor: Doctor) -> None:
    post(doctor, f"{TOLD}/appointment", when=SOON, what="Eye clinic")
    html = doctor.client.get(f"/patients/{ZAHRA}").text
    found = re.search(r'href="([^"]+/messages/appointment/[^"]+)"', html)
    assert found is not None
    post(doctor, found[1], do="move", when="2099-12-04T14:00", what="Eye clinic")
    assert "2099-12-04 14:00" in page(doctor)
    assert post(doctor, found[1], do="take-back").status_code == 303
    history = page(doctor, found[1])
    assert "Taken back by dr-aziz" in history
    assert "2099-12-03 09:30" in history
    again = post(doctor, found[1], do="take-back")
    assert again.status_code == 422
    elsewhere = found[1].replace(ZAHRA, WEI)
    assert doctor.client.get(elsewhere).status_code == 404


@pytest.mark.parametrize(
    "path",
    [f"{TOLD}/reply", f"{TOLD}/appointment", f"{TOLD}/reply/x", RECORDS, "/alerts/x"],
)
def test_nobody_writes_without_signing_in_or_without_the_word(
    app: Flask, doctor: Doctor, path: str
) -> None:
    stranger = app.test_client().post(path, data={"text": "x"}, headers=ORIGIN)
    assert (stranger.status_code, "/sign-in" in stranger.location) == (303, True)
    forged = doctor.client.post(path, data={"text": "x", "csrf": "guess"}, headers=ORIGIN)
    assert forged.status_code == 403
    assert "x" not in re.findall(r'class="written"[^>]*>([^<]*)', page(doctor))


@pytest.mark.parametrize("path", ["/patients/nobody/messages/reply", "/patients/nobody/records"])
def test_an_unknown_patient_is_said_so(doctor: Doctor, path: str) -> None:
    assert post(doctor, path, text="x", do="link", other="y", why="z").status_code == 404


def test_an_alert_is_handled_by_somebody_with_a_note(doctor: Doctor, archive_address: str) -> None:
    html = doctor.client.get("/alerts").text
    [link] = re.findall(r'href="(/alerts/[^"]+)"', html)
    assert post(doctor, link, state="handled", note="<i>Fluids</i>").status_code == 303
    html = doctor.client.get("/alerts").text
    assert "&lt;i&gt;Fluids&lt;/i&gt;" in html
    assert "Handled" in html
    assert 'class="card urgent"' not in html
    assert "Waiting for the clinic" in html
    post(doctor, link, state="seen", note="")
    assert 'class="card urgent"' in doctor.client.get("/alerts").text
    assert post(doctor, link, state="erased").status_code == 400
    archive = open_at(archive_address)
    notes = archive.rows("SELECT state, account FROM alert_note ORDER BY number")
    archive.close()
    assert [dict(n) for n in notes] == [
        {"state": "handled", "account": DOCTOR},
        {"state": "seen", "account": DOCTOR},
    ]


def test_two_records_become_one_chart_and_two_again(doctor: Doctor) -> None:
    assert post(doctor, RECORDS, do="link", other=WEI, why="").status_code == 422
    assert post(doctor, RECORDS, do="link", other=WEI, why="same card").status_code == 303
    chart_page = page(doctor)
    assert "Also on file as" in chart_page
    assert "150/95" in chart_page
    assert "85/50" in chart_page
    linked = doctor.client.get(f"/patients/{WEI}")
    assert (linked.status_code, linked.location) == (303, f"/patients/{ZAHRA}")
    assert post(doctor, RECORDS, do="link", other=ZAHRA, why="self").status_code == 422
    assert post(doctor, RECORDS, do="unlink", other=WEI, why="brothers").status_code == 303
    assert "150/95" not in page(doctor)
    kept = page(doctor, RECORDS)
    assert "same card" in kept
    assert "two people after all" in kept
    assert "brothers" in kept


def test_a_patient_is_shared_with_a_clinic_and_that_is_ended(
    doctor: Doctor, archive_address: str
) -> None:
    clinic = desk_scene.HUNZA.clinic
    post(doctor, RECORDS, do="share", other=clinic, why="has moved")
    assert "Known at Hunza" in page(doctor)
    post(doctor, RECORDS, do="withdraw", other=clinic, why="moved back")
    assert "Known at" not in page(doctor)
    assert "No longer shared with" in page(doctor, RECORDS)
    assert post(doctor, RECORDS, do="share", other="Nowhere", why="x").status_code == 422
    assert post(doctor, RECORDS, do="burn", other="x", why="x").status_code == 400


def test_a_search_finds_the_other_record(doctor: Doctor) -> None:
    found = doctor.client.get(RECORDS, query_string={"q": "bahadur"}).text
    assert f'value="{RAM}"' in found
    assert f'value="{ZAHRA}"' not in found


def test_the_page_learns_of_what_a_colleague_writes(doctor: Doctor) -> None:
    live = f"/patients/{ZAHRA}/live"
    first = doctor.client.get(live)
    post(doctor, f"{TOLD}/reply", text="Rest")
    again = doctor.client.get(live, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert "Rest" in again.text


def test_every_kind_of_question_is_settled_in_plain_words(
    doctor: Doctor, archive_address: str
) -> None:
    archive = open_at(archive_address)

    def say(rev: int, base: int, t_ms: int, **told: object) -> None:
        body = {"patient": ZAHRA, "rev": rev, "base_rev": base, "was": {}, "set": told}
        desk_scene.keep(archive, desk_scene.THAR, {"kind": "patient", "body": body, "t_ms": t_ms})

    say(2, 1, 1, allergies={"add": ["penicillin"]}, medicines="Metformin 500 mg")
    say(3, 2, 2, allergies={"remove": ["penicillin"]})
    asked = page(doctor, "/reviews")
    assert "Strike out the allergy: penicillin?" in asked
    assert "Change of medicine and dose: Metformin 500 mg" in asked  # with its capital
    choices = {"allergies": "penicillin", "medicines": "none of these"}
    for _ in choices:
        fields = first_question(doctor)
        fields["choice"] = choices[fields["about"].partition(":")[0]]
        assert post(doctor, "/reviews", **fields).status_code == 303
    assert "Nothing waits for a decision." in page(doctor, "/reviews")
    told = feed.get(archive, desk_scene.THAR.clinic, "patient", ZAHRA)
    assert told is not None
    assert told.body["allergies"] == ["penicillin"]
    assert "medicines" not in told.body
    say(4, 5, 3, medicines="Metformin 850 mg")
    fields = first_question(doctor)
    assert post(doctor, "/reviews", **fields | {"choice": "Aspirin"}).status_code == 400
    post(doctor, "/reviews", **fields | {"choice": "Metformin 850 mg"})
    say(5, 7, 4, medicines="Metformin 1000 mg")
    html = doctor.client.get("/reviews").text
    assert "<bdi>Metformin 850 mg</bdi> (as now)" in html
    assert "None of these" not in html
    archive.close()


def first_question(doctor: Doctor) -> dict[str, str]:
    forms = re.findall(r"<form.*?</form>", doctor.client.get("/reviews").text, re.S)
    asked = next(form for form in forms if 'name="about"' in form)
    found = re.findall(r'name="([a-z]+)" value="([^"]*)"', asked)
    return {name: unescape(value) for name, value in reversed(found)}


def test_the_desk_says_whether_somebody_was_asked_about_allergies(doctor: Doctor) -> None:
    assert "Allergies: no information" in page(doctor)
    path = f"/patients/{ZAHRA}/summary"
    assert "nobody has been asked yet" in page(doctor, path)
    assert post(doctor, path, name="allergies", do="none").status_code == 303
    assert "somebody was asked and knows of none" in page(doctor, path)
    assert "No known allergies" in page(doctor)
    post(doctor, path, name="allergies", text="Milk", do="add")
    assert "No known allergies" not in page(doctor)
    assert post(doctor, path, name="sex", do="none").status_code == 422
