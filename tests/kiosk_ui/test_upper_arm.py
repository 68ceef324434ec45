"""Upper arm, head and haemoglobin are typed in, in either unit, and the rules judge them."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk

from edge.assessments import verdict
from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import notes, visits


def visit_of(desk: Desk, store: Store, clock: Clock, form: PatientForm) -> str:
    patient = register.register(store, clock.now(), form, "w1")
    return desk.post(f"/patients/{patient.id}/visit").headers["Location"]


@pytest.mark.parametrize(("number", "unit"), [("114", "mm"), ("11.4", "cm")])
def test_a_thin_arm_of_a_small_child_is_judged_in_either_unit(
    desk: Desk, store: Store, clock: Clock, number: str, unit: str
) -> None:
    child = PatientForm("Noor", sex="female", age="20", age_unit="months")
    path = visit_of(desk, store, clock, child)
    row = {"kind": "muac", "v0": number, "unit": unit}
    asked = desk.post(f"{path}/typed", **row)
    assert "is unusual" in asked.text  # below 115 mm it is asked about once
    sure = asked.text.partition('name="sure" value="')[2].partition('"')[0]
    desk.post(f"{path}/typed", **row, sure=sure)
    visit = visits.get(store, path.rpartition("/")[2])
    lines = verdict.of_visit(store, visit, clock.now()).lines
    found = {line.assessment.rule: line.assessment.result for line in lines}
    assert found["muac"]["category"] == "sam"
    assert ">114<" in desk.get(f"{path}/live") or ">11.4<" in desk.get(f"{path}/live")


def test_a_visit_for_growth_says_that_the_arm_is_missing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    path = visit_of(desk, store, clock, PatientForm("Noor", age="20", age_unit="months"))
    assert "Upper arm" not in desk.get(f"{path}/live")
    visit_id = path.rpartition("/")[2]
    notes.write(store, clock.now(), visit_id, {"reason": "growth"}, actor="w1")
    assert "Upper arm" in desk.get(f"{path}/live")
