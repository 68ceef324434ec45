"""A referral from its form to its outcome: made from a visit, answered, closed by an outcome."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from kiosk_desk import Desk, cuff

from edge.feed import replica
from edge.model.clock import Clock
from edge.model.feed_item import Change, Cursor
from edge.patients import life_status, register, summary
from edge.patients.form import PatientForm
from edge.referrals import gather, referrals
from edge.referrals.referral import NewReferral, Urgency
from edge.staff.staff import Staff
from edge.store.store import Store
from edge.visits import moving, notes, visits
from edge.visits.visits import Visit

DAY_MS = 24 * 3_600_000
FORM = {"reason": "Chest pain", "urgency": "urgent", "to": "The hospital", "transport": "ambulance"}


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def article(html: str) -> str:
    return html.partition("<article")[2].partition("</article>")[0]


@pytest.fixture
def visit(store: Store, clock: Clock, sana: Staff) -> Visit:
    """A visit of Imran, 54, who has an allergy and 184/96."""
    person = register.register(store, clock.now(), PatientForm("Imran", "male", age="54"), sana.id)
    summary.add(store, clock.now(), person.id, "allergies", "Penicillin", sana.id)
    opened = visits.open_visit(store, clock.now(), person.id, actor=sana.id)
    cuff(store, clock, "184", "96")
    notes.say(store, clock.now(), opened.id, "complaints", "chest-pain", actor=sana.id)
    return opened


def made(desk: Desk, visit: Visit, **more: str) -> str:
    answer = desk.post(f"/visits/{visit.id}/referral", **(FORM | more))
    assert answer.status_code == 303, answer.text
    return answer.location.split("/")[2]


def answered(store: Store, referral: str, rev: int = 1, **body: str) -> None:
    said: dict[str, object] = {"by": "Dr Aziz Khan", "at_ms": 1_795_000_000_000, **body}
    change = Change(rev, "referral", referral, rev, said)
    replica.apply(store, [change], Cursor(1, rev))


def test_the_letter_says_who_what_was_measured_by_which_device_and_the_allergies(
    desk: Desk, visit: Visit
) -> None:
    letter = words(desk.get(f"/referrals/{made(desk, visit)}/letter"))
    for said in ("Imran", "about 54 years", "Chest pain", "184", "Allergies: Penicillin"):
        assert said in letter, said
    assert "Rural Health Centre Chak 12 · Sana Malik" in letter
    assert "measured by a device" in letter


def test_the_letter_says_what_counts_and_what_the_rules_said_with_version_and_draft(
    desk: Desk, store: Store, clock: Clock, visit: Visit
) -> None:
    cuff(store, clock, "188", "98")
    letter = words(desk.get(f"/referrals/{made(desk, visit)}/letter"))
    assert "186 mmHg · mean of several" in letter
    assert "184" not in letter.partition("Measured")[0]
    assert "What the rules said" in letter
    assert re.search(r"Danger · version \d+ · draft", letter)


def test_a_visit_that_is_moved_takes_its_referral_along_and_the_letter_says_so(
    desk: Desk, store: Store, clock: Clock, sana: Staff, visit: Visit
) -> None:
    referral = made(desk, visit)
    other = register.register(store, clock.now(), PatientForm("Bilal", "male", age="50"), sana.id)
    moving.move(store, clock.now(), visit.id, other.id, visit.id, actor=sana.id)
    assert [one.id for one in referrals.of_patient(store, other.id)] == [referral]
    assert referrals.of_patient(store, visit.patient_id) == []
    assert "names another person" in desk.get(f"/referrals/{referral}/letter")


def test_who_has_died_leaves_the_list(
    desk: Desk, store: Store, clock: Clock, sana: Staff, visit: Visit
) -> None:
    made(desk, visit)
    status = life_status.LifeStatus.DECEASED
    life_status.mark(store, clock.now(), visit.patient_id, status, "", sana.id)
    assert "No referral is open" in desk.get("/referrals")
    assert referrals.count_open(store) == 0
    life_status.take_back(store, clock.now(), visit.patient_id, sana.id)
    assert referrals.count_open(store) == 1


def test_the_letter_stays_as_it_was_when_more_is_known_later(
    desk: Desk, store: Store, clock: Clock, visit: Visit
) -> None:
    referral = made(desk, visit)
    before = article(desk.get(f"/referrals/{referral}/letter"))
    cuff(store, clock, "120", "80")
    summary.add(store, clock.now(), visit.patient_id, "allergies", "Aspirin", None)
    assert article(desk.get(f"/referrals/{referral}/letter")) == before


def test_what_is_missing_is_asked_for_beside_its_field_and_nothing_typed_is_lost(
    desk: Desk, store: Store, visit: Visit
) -> None:
    answer = desk.post(f"/visits/{visit.id}/referral", reason=" ", urgency="urgent", to="other")
    assert answer.status_code == 422
    assert 'id="reason-problem"' in answer.text
    assert 'value="urgent" checked' in desk.get(f"/visits/{visit.id}/referral")
    assert referrals.count_open(store) == 0


def test_a_form_that_is_sent_after_the_session_ended_waits_for_its_author(
    desk: Desk, store: Store, clock: Clock, sana: Staff, visit: Visit
) -> None:
    with store.transaction():
        store.execute("UPDATE session SET boot = boot - 1")
    answer = desk.post(f"/visits/{visit.id}/referral", **FORM)
    assert "/sign-in" in answer.location
    desk.let_in(store, clock, sana)
    assert "Chest pain" in desk.get(f"/visits/{visit.id}/referral")


def test_open_referrals_are_listed_with_their_age_and_the_overdue_ones_marked(
    desk: Desk, store: Store, clock: Clock, visit: Visit
) -> None:
    made(desk, visit)
    now = clock.now()
    earlier = replace(now, t_ms=now.t_ms - 12 * DAY_MS, wall_ms=now.wall_ms - 12 * DAY_MS)
    new = NewReferral(visit.patient_id, None, "Eye", Urgency.SOON, "Eye clinic")
    letter = gather.letter(store, earlier, visit.patient_id, None, ("Thar", "", ""))
    referrals.make(store, earlier, new, letter.body(), None)
    page = words(desk.get("/referrals"))
    assert "open since today" in page
    assert "open for 12 days" in page
    assert page.count("Overdue") == 1


def test_only_an_outcome_closes_a_referral(desk: Desk, store: Store, visit: Visit) -> None:
    referral = made(desk, visit)
    refused = desk.post(f"/referrals/{referral}", state="closed")
    assert (refused.status_code, "only an outcome closes" in refused.text) == (422, True)
    assert referrals.get(store, referral).is_open
    assert desk.post(f"/referrals/{referral}", state="arrived").status_code == 303
    desk.post(f"/referrals/{referral}", state="closed", outcome="treated", why="home")
    assert "No referral is open" in desk.get("/referrals")
    page = words(desk.get(f"/referrals/{referral}"))
    assert "Closed: Treated and back" in page
    desk.post(f"/referrals/{referral}", state="arrived")  # closed by mistake
    assert referrals.get(store, referral).is_open


def test_a_referral_is_cancelled_only_with_a_reason(desk: Desk, store: Store, visit: Visit) -> None:
    referral = made(desk, visit)
    assert desk.post(f"/referrals/{referral}", state="cancelled").status_code == 422
    assert referrals.get(store, referral).is_open
    desk.post(f"/referrals/{referral}", state="cancelled", why="The pain has gone")
    assert not referrals.get(store, referral).is_open


def test_the_answer_is_shown_read_by_name_and_its_outcome_offered(
    desk: Desk, store: Store, visit: Visit
) -> None:
    referral = made(desk, visit)
    assert "has not answered yet" in desk.get(f"/referrals/{referral}")
    answered(store, referral, arrived="yes", findings="<Angina>", outcome="admitted", todo="Rest")
    assert "Answer to a referral" in desk.get("/hospital")
    html = desk.get(f"/referrals/{referral}")
    assert "&lt;Angina&gt;" in html
    assert "What you shall do: " in words(html)
    assert re.search(r'value="admitted" checked', html)
    desk.post("/hospital/seen", item=f"referral/{referral}/1", referral=referral)
    assert "read by Sana Malik" in words(desk.get(f"/referrals/{referral}"))
    answered(store, referral, 2, outcome="treated")
    assert "read by" not in words(desk.get(f"/referrals/{referral}"))


def test_one_made_by_mistake_leaves_the_list_and_stays_in_the_journal(
    desk: Desk, store: Store, visit: Visit
) -> None:
    referral = made(desk, visit)
    desk.post(f"/referrals/{referral}/mistake")
    assert referrals.count_open(store) == 0
    assert "Made by mistake" in desk.get(f"/referrals/{referral}")


def test_an_item_of_the_feed_that_is_not_known_here_is_kept_and_shown_nowhere(
    desk: Desk, store: Store, visit: Visit
) -> None:
    """A hospital of a later release may send what this box has never heard of."""
    change = Change(1, "of-a-later-release", "x", 1, {"patient": visit.patient_id, "text": "Boo"})
    replica.apply(store, [change], Cursor(1, 1))
    for page in ("/hospital", f"/patients/{visit.patient_id}/history", f"/visits/{visit.id}"):
        assert "Boo" not in desk.get(page)
    assert replica.cursor(store) == Cursor(1, 1)
