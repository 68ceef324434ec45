"""What clinicians see at the desk, on both engines: live, escaped and plainly worded."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from decimal import Decimal

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, NOW_MS, ORIGIN, PASSWORD, RAM, THAR, WEI, ZAHRA, Doctor
from flask import Flask
from werkzeug.exceptions import InternalServerError

from edge.assessments.alerts import SIGNS
from edge.model.reading import Code, Value
from hospital.accounts import accounts, sessions
from hospital.archive.errors import ArchiveDown
from hospital.desk import context, create_app, wording
from hospital.fleet import boxes

PAGES = ("/", "/patients", f"/patients/{ZAHRA}", "/alerts", "/clinics", "/clinics/controls")
LIVE = ("/live", "/patients/found", f"/patients/{ZAHRA}/live", "/alerts/live", "/clinics/live")


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in?next=")
    assert "زہرا" not in answer.text


@pytest.mark.parametrize("path", LIVE)
def test_a_live_part_sends_a_stranger_to_the_door(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"HX-Request": "true"})
    assert (answer.data, answer.headers["HX-Redirect"]) == (b"", "/sign-in")


def test_the_right_password_opens_and_leads_back(app: Flask) -> None:
    answer = Doctor(app.test_client()).sign_in(next="/alerts")
    assert (answer.status_code, answer.location) == (303, "/alerts")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie  # this desk is served on plain HTTP


def test_a_desk_behind_https_keeps_its_cookie_there(app: Flask) -> None:
    with app.app_context():
        parts = context.parts()
    https = replace(parts.settings, public_url="https://desk.example")
    answer = Doctor(create_app(replace(parts, settings=https)).test_client()).sign_in()
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil", "x"])
def test_signing_in_never_leads_elsewhere(app: Flask, elsewhere: str) -> None:
    assert Doctor(app.test_client()).sign_in(next=elsewhere).location == "/"


def test_a_wrong_password_keeps_the_name_and_tells_nothing(app: Flask) -> None:
    visitor = Doctor(app.test_client())
    wrong, unknown = visitor.sign_in("wrong password"), visitor.sign_in(name="dr-nobody")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert f'value="{DOCTOR}"' in wrong.text
    assert wrong.text.replace(DOCTOR, "") == unknown.text.replace("dr-nobody", "")
    for _ in range(4):
        visitor.sign_in("wrong password")
    assert visitor.sign_in().status_code == 422
    assert visitor.client.get("/").status_code == 303


def test_signing_out_ends_the_session_on_the_server(doctor: Doctor) -> None:
    token = doctor.client.get_cookie("desk")
    assert token is not None
    answer = doctor.client.post("/sign-out", data={"csrf": doctor.csrf()}, headers=ORIGIN)
    assert answer.status_code == 303
    doctor.client.set_cookie("desk", token.value)
    assert doctor.client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("form", "headers"),
    [({}, ORIGIN), ({"csrf": "guessed"}, ORIGIN), ({"csrf": "ü"}, ORIGIN), (None, {}),
     (None, {"Origin": "https://evil.example"}), (None, {"Origin": "null"})],
)  # fmt: skip
def test_forged_writes_are_refused(
    doctor: Doctor, form: dict[str, str] | None, headers: dict[str, str]
) -> None:
    sent = {"csrf": doctor.csrf()} if form is None else form
    assert doctor.client.post("/sign-out", data=sent, headers=headers).status_code == 403
    assert doctor.client.get("/").status_code == 200


def test_the_enrolment_door_needs_no_session(app: Flask) -> None:
    assert app.test_client().post("/enrol", data=b"nonsense").status_code == 403


@pytest.mark.parametrize("path", [*PAGES, "/sign-in", "/nowhere"])
def test_every_page_is_private_and_strict(doctor: Doctor, path: str) -> None:
    headers = doctor.client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_readings_of_all_clinics_come_newest_first(doctor: Doctor) -> None:
    page = doctor.client.get("/").text
    assert page.index("150/95") < page.index("85/50") < page.index("121/80")
    assert '<bdi dir="ltr" class="quantity">85/50 <span class="unit">mmHg</span></bdi>' in page
    assert page.count('class="mark urgent"') == 1
    assert "body movement" in page
    assert "UA-651BLE" in page


def test_what_patients_are_called_cannot_attack(doctor: Doctor) -> None:
    for path in ("/", "/patients", f"/patients/{WEI}"):
        page = doctor.client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(&#39;王伟&#39;)" in page
    assert "Hunza &lt;Post&gt; &amp; 2" in doctor.client.get("/clinics").text
    odd = doctor.client.get("/patients", query_string={"q": "<b>\x00\"'"}).text
    assert "“<bdi>&lt;b&gt;&#34;&#39;</bdi>”" in odd


def test_patients_are_found_by_what_is_known_of_them(doctor: Doctor) -> None:
    def hits(text: str) -> list[str]:
        page = doctor.client.get("/patients/found", query_string={"q": text}).text
        return re.findall(r'<tr id="p([^"]+)"', page)

    assert set(hits("")) == {ZAHRA, WEI, RAM}
    assert hits("زہرا") == hits("chak 12") == hits("1042") == [ZAHRA]
    assert hits("bahadur RAM") == [RAM]
    assert hits("100%") == []


def test_a_record_shows_three_times_and_their_doubt(doctor: Doctor) -> None:
    page = text_of(doctor.client.get(f"/patients/{ZAHRA}").text)
    assert "The device’s clock" in page
    assert "2026-11-22 07:59" in page
    assert "time not certain" not in page
    unsure = text_of(doctor.client.get(f"/patients/{WEI}").text)
    assert "time not certain: the box had no trusted clock" in unsure


def test_an_alert_stands_by_its_reading_with_its_source(doctor: Doctor) -> None:
    for path in (f"/patients/{ZAHRA}", "/alerts"):
        page = doctor.client.get(path).text
        assert "Royal College of Physicians" in page
        assert "NEWS2" in page
    record = doctor.client.get(f"/patients/{ZAHRA}").text
    [row] = re.findall(r'<tr id="r\d+" class="urgent">.*?</tr>', record, re.S)
    assert "85/50" in row
    assert "Urgent: Systolic" in row


def test_opening_a_record_is_kept_but_polling_is_not(doctor: Doctor, archive_address: str) -> None:
    doctor.client.get(f"/patients/{ZAHRA}")
    doctor.client.get(f"/patients/{ZAHRA}/live")
    archive = open_at(archive_address)
    views = archive.rows("SELECT account, patient FROM desk_view")
    archive.close()
    assert [dict(v) for v in views] == [{"account": DOCTOR, "patient": ZAHRA}]


@pytest.mark.parametrize("path", LIVE)
def test_a_live_part_costs_nothing_until_something_comes(
    doctor: Doctor, archive_address: str, path: str
) -> None:
    first = doctor.client.get(path)
    again = doctor.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    archive = open_at(archive_address)
    news = desk_scene.pressure(ZAHRA, "84", "49", t_ms=120_000)
    desk_scene.keep(archive, THAR, news, desk_scene.alert(THAR, ZAHRA, news))
    with archive.transaction():
        archive.execute("UPDATE box SET heard_ms = ?", (NOW_MS + 600_000,))
    archive.close()
    third = doctor.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert third.status_code == 200
    assert third.data != first.data


def test_a_live_part_is_shown_anew_on_the_hospitals_next_day(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ages are told by the hospital's calendar, whose day ends at midnight of its own zone."""
    shown = set()
    try:
        for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):  # 26 hours apart: never on the same day
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            shown.add(doctor.client.get(f"/patients/{ZAHRA}/live").headers["ETag"])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert len(shown) == 2


def test_clinics_say_when_they_were_heard_and_what_is_wrong(
    doctor: Doctor, archive_address: str
) -> None:
    before = text_of(doctor.client.get("/clinics").text)
    assert "Thar Post 7 box-thar never" in before
    archive = open_at(archive_address)
    boxes.set_standing(archive, THAR.id, "revoked")
    archive.close()
    assert "revoked" in doctor.client.get("/clinics").text


def test_a_stranger_is_told_plainly(doctor: Doctor) -> None:
    answer = doctor.client.get("/patients/nobody")
    assert answer.status_code == 404
    assert "There is no such page or patient." in answer.text


def test_an_archive_that_is_down_is_said_so(app: Flask) -> None:
    with app.app_context():
        parts = context.parts()

    def down() -> None:
        raise ArchiveDown("the database does not answer")

    broken = create_app(replace(parts, open_archive=down)).test_client()
    broken.set_cookie("desk", "anything")
    answer = broken.get("/")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    assert InternalServerError.description not in answer.text


def test_sessions_end_when_idle_when_the_shift_is_over_and_with_the_account(
    archive_address: str, app: Flask
) -> None:
    archive = open_at(archive_address)
    minute = 60_000
    token = sessions.start(archive, DOCTOR, NOW_MS)
    assert sessions.live(archive, token, NOW_MS + 30 * minute, touch=False) is not None
    assert sessions.live(archive, token, NOW_MS + 32 * minute) is None
    now_ms = NOW_MS
    for _ in range(36):
        now_ms += 20 * minute
        assert sessions.live(archive, token, now_ms) is not None
    assert sessions.live(archive, token, now_ms + minute) is None
    now_ms += minute
    other = sessions.start(archive, DOCTOR, now_ms)
    assert archive.rows("SELECT count(*) AS n FROM desk_session")[0]["n"] == 1
    accounts.put(archive, DOCTOR, PASSWORD)
    assert sessions.live(archive, other, now_ms) is None
    other = sessions.start(archive, DOCTOR, now_ms)
    with archive.transaction():
        archive.execute("DELETE FROM account")
    assert sessions.live(archive, other, now_ms) is None
    assert sessions.live(archive, "\ud800", now_ms) is None
    sessions.end(archive, other)
    archive.close()


def test_quality_control_of_all_clinics_has_a_page(doctor: Doctor, archive_address: str) -> None:
    assert "No clinic has sent a control yet." in doctor.client.get("/clinics/controls").text
    archive = open_at(archive_address)
    with archive.transaction():
        archive.execute(
            "INSERT INTO control (id, box, clinic, device, model, said, coded, sample, boot, t_ms,"
            " wall_ms, quality, received_ms) VALUES ('c1', 'b', 'Thar', 'usb-1', 'BC-5000', ?, ?,"
            " 'QC-<1>', 1, 1, 1, 'ntp', 5)",
            ('[["718-7","12.2","g/dL",""]]', '[["75622-1","negative"]]'),
        )
    archive.close()
    page = doctor.client.get("/clinics/controls").text
    assert "QC-&lt;1&gt;" in page
    assert "Haemoglobin" in page
    assert "negative" in page


def test_words_of_the_desk_are_those_of_people() -> None:
    assert wording.parameter("spo2") == "SpO₂"
    assert wording.parameter("respiratory-rate") == "Respiratory rate"
    assert wording.parameter("something-new") == "Something new"
    value = Value(Code.GLUCOSE_MG_DL, Decimal(126), "mg/dL")
    assert "7.0" in wording.quantity(value)


def test_danger_signs_are_no_number() -> None:
    assert wording.quantity(Value(SIGNS, Decimal(1), "1")) == ""
    assert "86" in wording.quantity(Value("59408-5", Decimal(86), "%"))
