"""Field cases about people: ages, names, identifiers, search, units as typed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from kiosk_desk import Desk, measured

from edge.feed import replica
from edge.model.age import Estimate
from edge.model.clock import Clock
from edge.model.feed_item import Change, Cursor
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Value
from edge.patients import duplicates, family, register
from edge.patients.birth import today_of
from edge.patients.form import PatientForm
from edge.readings import alerts, history
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits


def an_age_is_shown_as_it_was_typed(desk: Desk, store: Store, clock: Clock) -> None:
    """FL05: the typed age is the shown age, whatever the day of the year."""
    for age in ("1", "5", "16", "40", "99"):
        sita = _register(desk, store, clock, name="Sita", age=age)
        words = f"{age}</bdi> year{'' if age == '1' else 's'}"
        assert words in desk.get(f"/patients/{sita.id}/history")
        assert sita.age_years(today_of(clock.now())) == int(age)


def children_have_limits_of_their_own(desk: Desk, store: Store, clock: Clock) -> None:
    """FL07: normal values of a newborn pass unasked, low oxygen and a slow pulse do not."""
    visit = _visit(desk, store, clock, PatientForm("Baby", age="10", age_unit="days"))
    calm = (("heart-rate", "140"), ("respiratory-rate", "45"), ("temperature", "37.0"))
    for kind, number in calm:
        assert "doubt" not in desk.post(f"{visit}/typed", kind=kind, v0=number).text, kind
    odd = (("heart-rate", "85"), ("oximetry", "80"), ("temperature", "38.5"))
    for kind, number in odd:
        assert "is unusual" in desk.post(f"{visit}/typed", kind=kind, v0=number).text, kind
    measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(80), "%"))
    assert "DANGER" in desk.get(f"{visit}/live")


def an_unknown_age_is_said_and_made_up_for(desk: Desk, store: Store, clock: Clock) -> None:
    """FL08: what is dangerous at every age alerts at once; for the rest the age is asked for."""
    visit = _visit(desk, store, clock, PatientForm("Bilal Shah"))
    measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(91), "%"))
    for number in (36, 37):  # what is calm and came later stands below what may be dangerous
        warm = Value(Code.TEMPERATURE, Decimal(number), "Cel")
        measured(store, clock, Kind.TEMPERATURE, warm)
    page = desk.get(f"{visit}/live")
    assert "No rule judges this value, because the age is not known." in page
    listed = page[page.index("all-readings") :]
    assert listed.index(">91</span>") < listed.index(">37</span>")
    assert f"{visit}/say/age" in page
    patient = visits.get(store, visit.rpartition("/")[2]).patient_id
    register.correct(store, clock.now(), patient, {"birth": "1960"}, "w1")
    assert len(alerts.judge_late(store, clock.now())) == 1
    assert "Dangerous value" in desk.get(f"{visit}/live")


def a_baby_without_a_name_is_tied_to_its_mother(desk: Desk, store: Store, clock: Clock) -> None:
    """FL30: "baby of ...", linked with her; twins are two people and nobody asks about them."""
    rubina = _add(store, clock, PatientForm("Rubina", sex="female", birth="1998", village="Mithi"))
    born = {"age": "2", "age_unit": "hours", "gestation": "34"}
    assert desk.post(f"/patients/{rubina.id}/baby", sex="female", **born).status_code == 303
    second = desk.post(f"/patients/{rubina.id}/baby", sex="male", **born)
    assert second.status_code == 409  # the first is being measured: the kiosk asks
    assert "twin" in second.text
    twins = family.children_of(store, rubina.id)
    assert [(one.name, one.birth_order, one.village) for one in twins] == [
        ("Baby of Rubina", "1", "Mithi"),
        ("Baby of Rubina", "2", "Mithi"),
    ]
    page = desk.get(f"/patients/{rubina.id}/family")
    assert page.count("Baby of") == 2
    assert "2</bdi> hours" in page
    assert "Rubina" in desk.get(f"/patients/{twins[0].id}/family")
    assert duplicates.score(twins[0], twins[1]) == 0


def both_cards_lead_to_the_record_that_stands(desk: Desk, store: Store, clock: Clock) -> None:
    """FL09: after a link either card and telephone finds the one record, and stays theirs."""
    kept = _add(store, clock, PatientForm("Imran Shah", card="1042", phone="03001112223"))
    other = _add(store, clock, PatientForm("M. Imran", card="2077", phone="0345999888"))
    linked = {"name": "M. Imran", "card": "2077", "phone": "0345999888", "replaced_by": kept.id}
    replica.apply(store, [Change(1, "patient", other.id, 1, linked)], Cursor(1, 1))
    for text in ("1042", "2077", "0345999888", "+92345999888"):
        assert f"/patients/{kept.id}/history" in desk.get("/patients/found", q=text), text
    asked = desk.post("/measure", card="2077")
    assert asked.location == "/measure/card"
    third = desk.post("/patients/new", name="Third Person", card="2077", new="yes")
    assert "Another patient has this card" in third.text


def small_children_are_told_apart(desk: Desk, store: Store, clock: Clock) -> None:
    """FL14: days, weeks and months, not "0 years"."""
    today = today_of(clock.now())
    for days, words in ((1, "1</bdi> day"), (10, "10</bdi> days"), (35, "5</bdi> weeks")):
        born = today.fromordinal(today.toordinal() - days)
        _add(store, clock, PatientForm(f"Baby {days}", birth=born.isoformat()))
        assert words in desk.get("/patients/found", q=f"Baby {days}"), days
    assert "0</bdi> years" not in desk.get("/patients/found", q="Baby")


def months_can_be_given(desk: Desk, store: Store, clock: Clock) -> None:
    """FL15: the form has units for the age, and keeps what was said."""
    form = desk.get("/patients/new")
    assert all(f'<option value="{unit}"' in form for unit in ("days", "weeks", "months", "years"))
    hamza = _register(desk, store, clock, name="Hamza", age="6", age_unit="months")
    said = Estimate.parse(hamza.age)
    assert said is not None
    assert (said.number, said.unit.value) == (6, "months")
    assert "6</bdi> months" in desk.get(f"/patients/{hamza.id}/history")


def a_year_is_of_the_calendar_that_was_chosen(desk: Desk, store: Store, clock: Clock) -> None:
    """FL16: a calendar is chosen at the form, or asked; the box is never eight years off."""
    assert '<option value="ethiopic"' in desk.get("/patients/new")
    typed = [("ethiopic", "2010-01-05", "2017-09-15"), ("islamic", "1447", "2025"),
             ("persian", "1380", "2001"), ("bikram-sambat", "2055-03-12", "1998-06"),
             ("buddhist", "2541", "1998")]  # fmt: skip
    for calendar, born, kept in typed:
        person = _register(desk, store, clock, name="Person", birth=born, calendar=calendar)
        assert person.birth == kept, calendar
        if calendar != "ethiopic":
            asked = desk.post("/patients/new", name="Nobody", birth=born, calendar="gregory")
            assert "Choose the calendar" in asked.text
    both = desk.post("/patients/new", name="N", birth="2010", calendar="gregory ethiopic")
    assert "This year can be of two calendars" in both.text


def dates_are_read_day_first(desk: Desk, store: Store, clock: Clock) -> None:
    """FL17: 12/03/1998 and its like are the twelfth of March."""
    for born in ("12/03/1998", "12-03-1998", "12.3.98", "12 March 1998"):
        ali = _register(desk, store, clock, name="Ali", birth=born)
        assert ali.birth == "1998-03-12", born
    asked = desk.post("/patients/new", name="Omar", birth="03/25/1998")
    assert "Write the day first" in asked.text


def an_estimate_is_no_known_year(store: Store, clock: Clock) -> None:
    """FL18: the journal tells an age that was said from a year that is known."""
    _add(store, clock, PatientForm("Sita", age="40"))
    _add(store, clock, PatientForm("Gita", birth="1986"))
    said, known = [e.body for _, e in journal.since(store, 0) if e.kind == "patient"][-2:]
    assert said["age"] == f"40 a {today_of(clock.now())}"
    assert (known["birth"], "age" in known) == ("1986", False)


def glucose_is_one_vital(desk: Desk, store: Store, clock: Clock) -> None:
    """FL22: one tab, one course, both units; the unit box stays where it was."""
    visit = _visit(desk, store, clock, PatientForm("Amina", age="40"))
    measured(store, clock, Kind.GLUCOSE, Value(Code.GLUCOSE_MG_DL, Decimal(108), "mg/dL"))
    row = desk.post(f"{visit}/typed", kind="glucose", v0="126", unit="mg/dL").text
    assert '<option value="mg/dL" selected>' in row
    desk.post(f"{visit}/typed", kind="glucose", v0="7.0", unit="mmol/L")
    patient = visits.get(store, visit.rpartition("/")[2]).patient_id
    page = desk.get(f"/patients/{patient}/history", vital=Code.GLUCOSE_MMOL_L.value)
    assert page.count(">Blood sugar</a>") == 1
    assert "Measurements: " in page
    assert "is higher than" in page
    codes = [v.code for r in history.of_visit(store, visit.rpartition("/")[2]) for v in r.values]
    assert codes == [Code.GLUCOSE_MMOL_L, Code.GLUCOSE_MG_DL, Code.GLUCOSE_MG_DL]


def fahrenheit_and_pounds_are_read(desk: Desk, store: Store, clock: Clock) -> None:
    """FL23: °F and lb can be chosen, and a number that looks like °F says so."""
    visit = _visit(desk, store, clock, PatientForm("Amina", age="40"))
    assert "This looks like °F" in desk.post(f"{visit}/typed", kind="temperature", v0="98.6").text
    desk.post(f"{visit}/typed", kind="temperature", v0="98.6", unit="[degF]")
    desk.post(f"{visit}/typed", kind="weight", v0="150", unit="[lb_av]")
    page = desk.get(f"{visit}/live")
    assert ">37.0</span>" in page
    assert ">68.04</span>" in page


def _register(desk: Desk, store: Store, clock: Clock, **form: str) -> Patient:
    """Register somebody at the kiosk who is no double, and end the visit that opens."""
    made = desk.post("/patients/new", new="yes", **form)
    assert made.status_code == 303, form
    visit = visits.get(store, made.location.rpartition("/")[2])
    visits.close_visit(store, clock.now(), why="finished")
    return register.get(store, visit.patient_id)


def _add(store: Store, clock: Clock, form: PatientForm) -> Patient:
    return register.register(store, clock.now(), form, "w1")


def _visit(desk: Desk, store: Store, clock: Clock, form: PatientForm) -> str:
    """Open a visit for somebody new; return its path."""
    return str(desk.post(f"/patients/{_add(store, clock, form).id}/visit").location)


CASES: dict[str, Callable[..., None]] = {
    "FL30": a_baby_without_a_name_is_tied_to_its_mother,
    "FL05": an_age_is_shown_as_it_was_typed,
    "FL07": children_have_limits_of_their_own,
    "FL08": an_unknown_age_is_said_and_made_up_for,
    "FL09": both_cards_lead_to_the_record_that_stands,
    "FL14": small_children_are_told_apart,
    "FL15": months_can_be_given,
    "FL16": a_year_is_of_the_calendar_that_was_chosen,
    "FL17": dates_are_read_day_first,
    "FL18": an_estimate_is_no_known_year,
    "FL22": glucose_is_one_vital,
    "FL23": fahrenheit_and_pounds_are_read,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
