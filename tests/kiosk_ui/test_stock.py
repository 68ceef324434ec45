"""Stock at the kiosk: what is low or out is seen, what was typed wrongly stays with its reason."""

from __future__ import annotations

from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.model.reading import CodedValue, Kind, Measurement, Reading
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.stock import items, stock
from edge.store.store import Store


def test_a_low_item_stands_first_and_says_so(desk: Desk) -> None:
    assert desk.post("/stock/hiv-test", what="counted", number="4").status_code == 303
    page = desk.get("/stock")
    assert page.index("HIV rapid tests") < page.index("Glucose strips")
    assert "Low" in page
    assert "never counted" in page


def test_a_wrong_number_stays_in_its_box(desk: Desk, store: Store) -> None:
    answer = desk.post("/stock/hiv-test", what="used", number="some", batch="B7")
    assert answer.status_code == 422
    assert "Enter a whole number." in answer.text
    assert 'value="some"' in answer.text
    assert 'value="B7"' in answer.text
    assert stock.movements(store, "hiv-test") == []


def test_batches_show_what_is_past_its_date(desk: Desk) -> None:
    desk.post("/stock/hiv-test", what="received", number="30", batch="A1", expiry="01/2001")
    desk.post("/stock/hiv-test", what="received", number="30", batch="B2", expiry="01/2099")
    page = desk.get("/stock/hiv-test")
    assert "are past their date" in page
    assert "A1" in page


def test_a_wrong_list_of_the_site_is_said_and_the_packaged_one_used(
    desk: Desk, settings: Settings
) -> None:
    (settings.home / items.FILE).write_text("[[stock.item]]\nname = 'x'", encoding="utf-8")
    page = desk.get("/stock")
    assert "stock.item 1.item is missing" in page
    assert "Glucose strips" in page


def test_an_item_that_nobody_knows_is_not_there(desk: Desk) -> None:
    assert desk.client.get("/stock/gold").status_code == 404


def test_a_mistake_is_undone_and_counts_no_more(desk: Desk, store: Store, clock: Clock) -> None:
    desk.post("/stock/hiv-test", what="counted", number="30")
    desk.post("/stock/hiv-test", what="used", number="25")
    [used, _] = stock.movements(store, "hiv-test")
    answer = desk.post(f"/stock/hiv-test/taken-back/{used.entry}")
    assert answer.status_code == 303
    assert stock.shelf_of(store, stock.unlisted("hiv-test"), clock.now()).number == 30
    assert desk.post(f"/stock/cuff/taken-back/{used.entry}").status_code == 404


def test_what_a_visit_uses_is_taken_from_the_stock_and_a_low_medicine_says_so(
    desk: Desk, store: Store, clock: Clock
) -> None:
    for item, number in (("paracetamol", "12"), ("malaria-test", "26")):
        desk.post(f"/stock/{item}", what="counted", number=number)
    sita = register.register(store, clock.now(), PatientForm("Sita", birth="1990"), "w1")
    visit = desk.post(f"/patients/{sita.id}/visit").headers["Location"]
    given = {"state": "given", "dose": "500", "unit": "mg", "quantity": "12"}
    answer = desk.post(f"{visit}/medicines/paracetamol", **given)
    assert answer.status_code == 303, answer.text
    assert "None left" in desk.get(f"{visit}/medicines")
    read = Measurement(Kind.TEST, (), coded=(CodedValue("70569-9", "negative"),))
    intake.accept(store, Reading(read, clock.now(), "typed", patient_id=sita.id))
    shelf = stock.shelf_of(store, items.packaged()["malaria-test"], clock.now())
    assert (shelf.number, shelf.is_low) == (25, True)
    assert "Malaria rapid tests" in desk.get(f"/patients/{sita.id}/programmes")
    for page in ("tests", "tests/malaria"):
        assert "25</bdi> left" in desk.get(f"{visit}/{page}")
