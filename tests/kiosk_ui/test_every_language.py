"""No language is forgotten: each has fonts and a voice, and every page is shown in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale
from flask import Flask
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN
from kiosk_scene import Scene
from pictures import png
from werkzeug.test import TestResponse

import kiosk_ui
from edge.files import attachments
from edge.files.attachments import Subject
from edge.model.languages import CODES, LANGUAGES, Language
from edge.readings import history
from edge.referrals import gather, referrals
from edge.referrals.referral import NewReferral, Transport, Urgency
from edge.staff import pins, staff
from edge.visits import visits
from kiosk_ui import fonts, voices
from kiosk_ui.app import create_app
from kiosk_ui.context import COOKIE

STATIC = Path(kiosk_ui.__file__).with_name("static")
NO_PAGES = {"static", "web.static", "home.screen_css", "files.content", "report.file"}

each_language = pytest.mark.parametrize("row", LANGUAGES, ids=CODES)


@each_language
def test_a_language_has_its_fonts_with_files_and_licences(row: Language) -> None:
    licences = (STATIC / "LICENSES.md").read_text("utf-8")
    by_name = {font.name: font for font in fonts.FONTS}
    assert row.fonts[0] == fonts.FONTS[0].name, "digits look alike in all languages"
    for name in row.fonts:
        font = by_name[name]
        for weight in fonts.WEIGHTS:
            assert (STATIC / font.file(weight)).is_file()
        stems = re.findall(r"`fonts/([-\w]+)\*`", licences)
        assert any(font.stem.startswith(stem.rstrip("-")) for stem in stems)


@each_language
def test_a_language_has_one_voice(row: Language) -> None:
    assert [voice.language for voice in voices.VOICES].count(row.code) == 1
    assert {voice.language for voice in voices.VOICES} <= set(CODES)


@each_language
def test_the_direction_is_the_one_of_the_unicode_cldr(row: Language) -> None:
    assert row.direction == Locale.parse(row.code).text_direction


@each_language
def test_the_style_sheet_gives_a_language_its_fonts(row: Language, client: FlaskClient) -> None:
    css = client.get("/screen.css").text
    [family] = re.findall(rf"^:lang\({row.tag}\){{font-family:(.*)}}$", css, re.M)
    names = family.split(", ")
    assert names[: len(row.fonts)] == list(row.fonts)
    assert sorted(names[:-1]) == sorted(font.name for font in fonts.FONTS)
    for url in re.findall(r"url\((.*?)\)", css):
        with client.get(url) as font:
            assert font.status_code == 200


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A box in the middle of a morning."""
    built = Scene.build(tmp_path_factory.mktemp("box"))
    yield built
    built.close()


@pytest.fixture(scope="module")
def kiosk(scene: Scene) -> Flask:
    """The kiosk of that box."""
    return create_app(scene.settings)


def addresses(scene: Scene, kiosk: Flask) -> dict[str, str]:
    """Return where each page of the kiosk is, by its endpoint, with something to show there."""
    imran, visit, now = scene.people[0].id, scene.open_visit(), scene.clock.now()
    photo = Subject(imran, visit)
    attachments.add(scene.store, scene.settings.home, now, png(), "image/png", photo, scene.worker)
    waiting, measured = history.in_tray(scene.store)[0], history.of_patient(scene.store, imran)[0]
    known = {
        "referral_id": refer(scene, imran, visit), "item": "hiv-test",
        "patient_id": imran, "visit_id": visit, "staff_id": scene.worker, "entry": waiting.entry,
        "holder_id": imran, "kind": "blood-pressure", "address": "00:11:22:33:44:55",
        "part": "plan", "what": "age", "rule_id": "news2", "word": "malaria",
    }  # fmt: skip
    known_of = {
        "retract.show": known | {"entry": measured.entry},
        "visit_medicines.ask": known | {"word": "paracetamol"},
        "visit_notes.show": known | {"part": "complaints"},
    }
    urls = kiosk.url_map.bind("localhost")
    return {
        rule.endpoint: urls.build(
            rule.endpoint,
            {name: known_of.get(rule.endpoint, known)[name] for name in rule.arguments},
        )
        for rule in kiosk.url_map.iter_rules()
        if rule.endpoint not in NO_PAGES and "GET" in (rule.methods or ())
    }


def refer(scene: Scene, patient: str, visit: str) -> str:
    """Refer somebody to another place; return the referral's id."""
    store, now = scene.store, scene.clock.now()
    place = ("Chest pain", Urgency.URGENT, "District hospital", "0232-1")
    new = NewReferral(patient, visit, *place, Transport.AMBULANCE)
    letter = gather.letter(store, now, patient, visit, ("Thar", "0301", "Amina"))
    return referrals.make(store, now, new, letter.body(), scene.worker)


def technician(scene: Scene, kiosk: Flask) -> FlaskClient:
    """Return a browser at which the technician, who may see every page, is signed in."""
    pepper = pins.load_pepper(scene.settings.keys)
    signed_in = staff.sign_in(scene.store, scene.clock, pepper, scene.technician, "590273")
    assert isinstance(signed_in, staff.SignedIn)
    client = kiosk.test_client()
    client.set_cookie(COOKIE, signed_in.token)
    return client


def measure_alone(client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    """Walk through the pages of a patient who measures alone, as far as the device's turn."""

    def post(**form: str) -> None:
        client.post("/measure", data=form, headers=ORIGIN)

    yield "self_service.start", client.get("/measure")
    post(card="1042")
    yield "self_service.ask", client.get("/measure/card")
    post(without="yes")
    yield "self_service.choose", client.get("/measure/choose")
    step = "/measure/blood-pressure"
    yield "self_service.measure", client.get(step, follow_redirects=True)
    yield "self_service.live", client.get(f"{step}/live?after=0")


@each_language
def test_every_page_is_shown_in_it(row: Language, scene: Scene, kiosk: Flask) -> None:
    client, patient = technician(scene, kiosk), kiosk.test_client()
    for browser in (client, patient):
        browser.set_cookie("language", row.code)
    found = addresses(scene, kiosk)
    staff_pages = [name for name in found if not name.startswith("self_service.")]
    shown = {name: client.get(found[name], follow_redirects=True) for name in staff_pages}
    visits.close_visit(scene.store, scene.clock.now(), why="finished")
    shown |= dict(measure_alone(patient))
    assert shown.keys() == found.keys()
    for name, answer in shown.items():
        assert answer.status_code == 200, name
        assert "%(" not in answer.text, name
        if "<html" in answer.text:
            assert f'<html lang="{row.tag}" dir="{row.direction}">' in answer.text, name
    failure = client.get("/nowhere")
    assert failure.status_code == 404
    assert f'<html lang="{row.tag}" dir="{row.direction}">' in failure.text
    oldest = history.of_patient(scene.store, scene.people[0].id)[-1].placed.when
    assert row.date(oldest.astimezone().date()) in shown["history.show"].text
