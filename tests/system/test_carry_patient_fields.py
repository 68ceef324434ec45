"""Every field of a patient goes all the way: form, journal, archive, desk, inbox, feed, next box.

The samples come from the table, so that a new row is tested without a new test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import desk_scene
import pytest
from archives import open_at
from desk_scene import Doctor
from kiosk_desk import PIN, Desk

from edge.model.clock import Clock
from edge.model.entry import canonical_json
from edge.model.feed_item import Entity
from edge.model.patient_fields import PATIENT_FIELDS, FieldType, PatientField, Tier, values_of
from edge.patients import edits, register
from edge.patients.birth import today_of
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store
from hospital.archive import Archive
from hospital.desk import wording
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import reviews
from hospital.receiving import apply
from hospital.views import chart
from kiosk_ui.app import create_app
from sync.keys.keys import BoxKeys

NUMBERS = {
    FieldType.BIRTH: ("1980-02-03", "1981-05-06"),
    FieldType.PHONE: ("03015550142", "03115550142"),
    FieldType.CARD: ("HP77", "HP88"),
}
NOW_MS = desk_scene.NOW_MS
SECOND = Box("box-second", desk_scene.THAR.clinic, BoxKeys.generate().public, "0d", NOW_MS)


def sample(field: PatientField, which: int) -> str:
    if field.codes is not None:
        return list(field.codes)[which].value
    if field.type in NUMBERS:
        return NUMBERS[field.type][which]
    return f"{field.label} {('Mithi', 'Kot')[which]}"


FIELDS = tuple(field for field in PATIENT_FIELDS if field.is_entered)
FIRST = {field.name: sample(field, 0) for field in FIELDS}
OTHER = {field.name: sample(field, 1) for field in FIELDS}
NOT_ASKED = {field.name: None for field in PATIENT_FIELDS if not field.is_entered}
"""What no form asks for. An estimate stands where no birth is known: see the last tests."""


@dataclass
class House:
    """A kiosk and a hospital's desk with an archive between them, and one patient."""

    kiosk: Desk
    store: Store
    archive: Archive
    doctor: Doctor
    patient: str

    def carry(self, box: Box = desk_scene.THAR) -> None:
        """Bring the box's records of patients to the hospital."""
        rows = self.store.rows("SELECT record FROM journal WHERE kind = 'patient' ORDER BY id")
        with self.archive.transaction():
            records = [str(row["record"]).encode() for row in rows]
            apply.keep(self.archive, box, (9, "c", 1), records, NOW_MS)

    def page(self, path: str) -> str:
        return unescape(self.doctor.client.get(path, follow_redirects=True).text)


@pytest.fixture
def house(tmp_path: Path, store: Store, clock: Clock) -> Iterator[House]:
    settings = Settings(home=tmp_path, box_id="box-test", clinic=desk_scene.THAR.clinic)
    pepper = pins.create_pepper(settings.keys)
    kiosk = Desk(create_app(settings).test_client())
    kiosk.sign_in(staff.add(store, clock.now(), "Sana Malik", "worker", PIN, pepper))
    assert kiosk.post("/patients/new", **FIRST).status_code == 303
    [patient] = store.rows("SELECT id FROM patient")
    address = str(tmp_path / "archive.db")
    doctor = Doctor(desk_scene.found(address, tmp_path).test_client())
    doctor.sign_in()
    archive = open_at(address)
    with archive.transaction():
        boxes.enter(archive, SECOND)
    yield House(kiosk, store, archive, doctor, patient["id"])
    archive.close()


def test_what_is_typed_is_kept_and_corrected(house: House, clock: Clock) -> None:
    assert values_of(register.get(house.store, house.patient)) == FIRST | NOT_ASKED
    page = unescape(house.kiosk.get(f"/patients/{house.patient}/correct"))
    for field in FIELDS:
        assert f'name="{field.name}"' in page
        assert f'value="{FIRST[field.name]}"' in page
    header = unescape(house.kiosk.get(f"/patients/{house.patient}/history"))
    assert all(FIRST[field.name] in header for field in FIELDS if field.in_header)
    asked = house.kiosk.post(f"/patients/{house.patient}/correct", **OTHER)
    assert asked.text.count("<dt>") == len(FIELDS)
    register.correct(house.store, clock.now(), house.patient, OTHER, None)
    assert values_of(register.get(house.store, house.patient)) == OTHER | NOT_ASKED


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_one_field_is_patched_alone(house: House, clock: Clock, field: PatientField) -> None:
    change = {field.name: OTHER[field.name]}
    register.correct(house.store, clock.now(), house.patient, change, None)
    house.carry()
    line = chart.patient(house.archive, house.patient)
    assert line is not None
    assert values_of(line.patient) == FIRST | NOT_ASKED | change


def test_the_desk_shows_every_field_and_finds_by_those_that_are_searched(house: House) -> None:
    house.carry()
    page = house.page(f"/patients/{house.patient}")
    assert all(FIRST[field.name] in page for field in FIELDS)
    for field in FIELDS:
        found = chart.patients(house.archive, FIRST[field.name])
        assert bool(found) == field.searched, field.name
        assert (field.word in wording.searched()) == field.searched


def test_two_values_are_put_to_a_person_or_the_later_is_shown(house: House) -> None:
    house.carry()
    body = {"patient": house.patient, "rev": 1, "base_rev": 0, "set": OTHER}
    entry = {"kind": "patient", "body": body, "at": [1, 0, 4_000_000_000_000, "ntp"]}
    with house.archive.transaction():
        apply.keep(house.archive, SECOND, (1, "c", 1), [canonical_json(entry)], NOW_MS)
    asked = {one.review.field for one in reviews.inbox(house.archive)}
    assert asked == {field.name for field in FIELDS if field.tier is Tier.IDENTITY}
    page = house.page("/reviews")
    line = chart.patient(house.archive, house.patient)
    assert line is not None
    for field in FIELDS:
        both = FIRST[field.name] in page and OTHER[field.name] in page
        assert both == (field.tier is Tier.IDENTITY), field.name
        kept = FIRST if field.tier is Tier.IDENTITY else OTHER
        assert values_of(line.patient)[field.name] == kept[field.name]


def test_another_box_learns_every_field_from_the_feed(house: House, tmp_path: Path) -> None:
    house.carry()
    item = feed.get(house.archive, desk_scene.THAR.clinic, Entity.PATIENT, house.patient)
    assert item is not None
    assert item.body == FIRST
    other = Store.create(tmp_path / "other.db", "other")
    with other.transaction():
        edits.foresee(other, item)
    assert values_of(register.get(other, house.patient)) == FIRST | NOT_ASKED
    other.close()


def test_an_estimate_goes_all_the_way_beside_the_birth_of_older_releases(
    house: House, clock: Clock, tmp_path: Path
) -> None:
    today = today_of(clock.now())
    register.correct(house.store, clock.now(), house.patient, {"birth": "", "age": "40"}, None)
    said = {"birth": None, "age": f"40 a {today}"}
    assert values_of(register.get(house.store, house.patient)) == FIRST | NOT_ASKED | said
    [*_, written] = house.store.rows("SELECT record FROM journal WHERE kind = 'patient'")
    likely = str(today.year - 40)
    assert f'"set":{{"age":"40 a {today}","birth":"{likely}"}}' in written["record"]
    house.carry()
    assert "about 40 years" in house.page(f"/patients/{house.patient}")
    item = feed.get(house.archive, desk_scene.THAR.clinic, Entity.PATIENT, house.patient)
    assert item is not None
    assert item.body == FIRST | said | {"birth": likely}
    other = Store.create(tmp_path / "other.db", "other")
    with other.transaction():
        edits.foresee(other, item)
    assert values_of(register.get(other, house.patient)) == FIRST | NOT_ASKED | said
    other.close()


def test_an_estimate_is_never_put_to_a_person_and_yields_to_a_known_birth(
    house: House, clock: Clock
) -> None:
    register.correct(house.store, clock.now(), house.patient, {"birth": "", "age": "40"}, None)
    house.carry()
    for record, (field, value) in enumerate((("age", "44 a 2026-11-20"), ("birth", "1979")), 1):
        change = {"birth": "1982", field: value} if field == "age" else {field: value}
        body = {"patient": house.patient, "rev": record, "base_rev": 0, "set": change}
        entry = {"kind": "patient", "body": body, "at": [1, record, 4_000_000_000_000, "ntp"]}
        with house.archive.transaction():
            apply.keep(house.archive, SECOND, (1, "c", record), [canonical_json(entry)], NOW_MS)
        line = chart.patient(house.archive, house.patient)
        assert line is not None
        assert not reviews.inbox(house.archive)
        known = (line.patient.birth, line.patient.age)
        assert known == ((None, "44 a 2026-11-20") if field == "age" else ("1979", None))
