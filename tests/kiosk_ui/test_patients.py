"""Finding a patient as somebody types."""

from __future__ import annotations

from flask.testing import FlaskClient
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.patients import register as patients_register
from edge.patients.form import PatientForm
from edge.store.store import Store


def register(store: Store, clock: Clock, name: str, **form: str) -> str:
    return patients_register.register(store, clock.now(), PatientForm(name, **form), None).id


def test_a_name_is_found_in_any_spelling_and_script(desk: Desk, store: Store, clock: Clock) -> None:
    known = register(store, clock, "محمد عمران", sex="male", birth="1969", village="Chak 12")
    register(store, clock, "王秀英")
    for text in ("Mohammed Imran", "muhammad", "محمد"):
        assert known in desk.get("/patients/found", q=text)
    hits = desk.get("/patients/found", q="wang xiu")
    assert "王秀英" in hits
    assert known not in hits


def test_a_hit_shows_sex_age_and_village(desk: Desk, store: Store, clock: Clock) -> None:
    register(store, clock, "Amina Bibi", sex="female", birth="1990-01-01", village="Kot Ali")
    hits = desk.get("/patients/found", q="amina")
    assert "Female" in hits
    assert "years" in hits
    assert "about" not in hits
    assert "<bdi>Kot Ali</bdi>" in hits


def test_nobody_found_says_what_to_try(desk: Desk) -> None:
    assert "Nobody found" in desk.get("/patients/found", q="zzz")
    assert "Type a few letters" in desk.get("/patients/found", q="  ")


def test_the_search_never_lists_patients_unasked(
    desk: Desk, store: Store, clock: Clock, client: FlaskClient
) -> None:
    register(store, clock, "Amina Bibi")
    assert "Amina" not in desk.get("/patients")
    assert "Amina" not in client.get("/measure").text
