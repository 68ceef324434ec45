"""An alert that nobody answers goes to the next person, in time, once, never after an answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, NOW_MS, ORIGIN, THAR, ZAHRA, Doctor
from flask import Flask

from edge.model.feed_item import Item
from hospital.accounts import accounts, rosters
from hospital.archive import Archive
from hospital.archive.errors import AccountError
from hospital.archive.settings import HospitalSettings
from hospital.feed import feed
from hospital.patients import alert_notes, escalation
from hospital.patients.alert_notes import State
from hospital.patients.escalation import MINUTE_MS, Step, following
from hospital.receiving.jobs import JOBS, Schedule

RECEIVED_MS = NOW_MS + 90_000
FIRST, SECOND = "dr-a", "dr-b"
ESCALATION = [job for job in JOBS if job.name == "escalation"]


@pytest.fixture
def roster(app: Flask, archive_address: str) -> None:
    """Two people are asked about alerts of all clinics."""
    archive = open_at(archive_address)
    for name, full in ((FIRST, "Dr Amina Shah"), (SECOND, "Dr Bilal Khan")):
        accounts.put(archive, name, "a long enough password")
        accounts.describe(archive, name, full, "0301 5550142")
    rosters.put(archive, rosters.ALL, rosters.ALL, [FIRST, SECOND])
    archive.close()


def alert_of(archive: Archive) -> str:
    [row] = archive.rows("SELECT id FROM alert")
    return str(row["id"])


def turn(archive: Archive, minutes: float, tmp_path: Path) -> None:
    """Let a hospital that has just been started do its job, so long after the alert came."""
    at_ms = RECEIVED_MS + int(minutes * MINUTE_MS)
    Schedule.of(HospitalSettings(tmp_path), ESCALATION).turn(archive, at_ms)


def told(archive: Archive) -> Item | None:
    return feed.get(archive, THAR.clinic, "escalation", alert_of(archive))


def asked(archive: Archive) -> list[str]:
    alert = alert_of(archive)
    return [step.name for step in escalation.steps_of(archive, [alert]).get(alert, [])]


@pytest.mark.parametrize(
    ("steps", "people", "minutes", "due"),
    [
        ([], 0, 0, None),
        ([], 2, 0, Step(1, "p1", 0)),
        ([Step(1, "p1", 0)], 2, 9, None),
        ([Step(1, "p1", 0)], 2, 10, Step(2, "p2", 10 * MINUTE_MS)),
        ([Step(1, "p1", 0)], 2, 999, Step(2, "p2", 999 * MINUTE_MS)),
        ([Step(1, "p1", 0)], 1, 999, None),
        ([Step(1, "p1", 0), Step(2, "p2", 10 * MINUTE_MS)], 3, 19, None),
        ([Step(1, "p1", 0), Step(2, "p2", 10 * MINUTE_MS)], 3, 20, Step(3, "p3", 20 * MINUTE_MS)),
    ],
)
def test_each_person_has_the_whole_time_and_nobody_follows_the_last(
    steps: list[Step], people: int, minutes: int, due: Step | None
) -> None:
    roster = [f"p{n}" for n in range(1, people + 1)]
    assert following(steps, roster, 0, minutes * MINUTE_MS, 10) == due


@pytest.mark.usefixtures("roster")
def test_an_urgent_alert_goes_to_the_next_after_an_hour_and_the_clinic_is_told(
    archive: Archive, tmp_path: Path
) -> None:
    turn(archive, 0, tmp_path)
    first = told(archive)
    assert first is not None
    assert first.body["to"] == "Dr Amina Shah"
    assert first.body["received_ms"] == RECEIVED_MS
    for minutes in (59, 60, 61, 119):
        turn(archive, minutes, tmp_path)  # each a restart: what was done is not done again
    assert asked(archive) == ["Dr Amina Shah", "Dr Bilal Khan"]
    second = told(archive)
    assert second is not None
    assert (second.rev, second.body["place"], second.body["phone"]) == (2, 2, "0301 5550142")
    turn(archive, 10_000, tmp_path)
    assert len(asked(archive)) == 2


@pytest.mark.usefixtures("app")
def test_without_a_roster_nobody_is_asked_and_nothing_is_sent(
    archive: Archive, tmp_path: Path
) -> None:
    turn(archive, 100, tmp_path)
    assert told(archive) is None


@pytest.mark.usefixtures("roster")
def test_an_answer_ends_it_by_the_persons_full_name(archive: Archive, tmp_path: Path) -> None:
    turn(archive, 0, tmp_path)
    alert_notes.note(archive, alert_of(archive), State.SEEN, "", FIRST, RECEIVED_MS + 1)
    turn(archive, 100, tmp_path)
    assert asked(archive) == ["Dr Amina Shah"]
    assert told(archive) is None
    answer = feed.get(archive, THAR.clinic, "alert", alert_of(archive))
    assert answer is not None
    assert answer.body["by"] == "Dr Amina Shah"


@pytest.mark.usefixtures("roster")
def test_an_alert_that_was_taken_back_at_the_clinic_is_passed_on_to_nobody(
    archive: Archive, tmp_path: Path
) -> None:
    with archive.transaction():
        archive.execute("UPDATE reading SET discarded = 1")
    turn(archive, 100, tmp_path)
    assert asked(archive) == []


@pytest.mark.usefixtures("roster")
def test_the_timer_of_an_alert_that_came_three_days_late_counts_from_its_coming(
    archive: Archive, doctor: Doctor, tmp_path: Path
) -> None:
    three_days = 3 * 24 * 60
    late_ms = RECEIVED_MS + three_days * MINUTE_MS
    with archive.transaction():
        archive.execute("UPDATE alert SET received_ms = ?", (late_ms,))
    turn(archive, three_days, tmp_path)
    turn(archive, three_days + 59, tmp_path)
    assert asked(archive) == ["Dr Amina Shah"]
    page = re.sub(r"<[^>]+>", " ", doctor.client.get("/alerts").text)
    page = re.sub(r"\s+", " ", page)
    assert "Waits for Dr Amina Shah 0301 5550142 , since" in page
    measured = re.findall(r"Measured (\S+ \S+) , received here (\S+ \S+)", page)
    assert measured
    assert all(one != other for one, other in measured)
    turn(archive, three_days + 60, tmp_path)
    assert asked(archive) == ["Dr Amina Shah", "Dr Bilal Khan"]


def together(address: str, *acts: Callable[[Archive], object]) -> None:
    """Let each act run in a thread with an archive of its own, all at the same moment."""
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[Archive], object]) -> None:
        archive = open_at(address)
        ready.wait(20)
        act(archive)
        archive.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.mark.usefixtures("roster")
def test_two_jobs_at_once_pass_an_alert_on_once(
    archive: Archive, archive_address: str, tmp_path: Path
) -> None:
    for minutes, people in ((0, 1), (60, 2)):
        together(archive_address, *[lambda one: turn(one, minutes, tmp_path)] * 3)  # noqa: B023
        assert len(asked(archive)) == people


@pytest.mark.usefixtures("roster")
def test_an_answer_that_races_the_timer_is_never_passed_over(
    archive: Archive, archive_address: str, tmp_path: Path
) -> None:
    alert = alert_of(archive)
    turn(archive, 0, tmp_path)

    def answer(one: Archive) -> None:
        alert_notes.note(one, alert, State.SEEN, "", SECOND, RECEIVED_MS + 60 * MINUTE_MS)

    together(archive_address, answer, lambda one: turn(one, 60, tmp_path))
    assert told(archive) is None
    assert feed.get(archive, THAR.clinic, "alert", alert) is not None
    before = asked(archive)
    turn(archive, 500, tmp_path)
    assert asked(archive) == before


@pytest.mark.usefixtures("app")
def test_the_closest_roster_holds(archive: Archive) -> None:
    for name in (FIRST, SECOND):
        accounts.put(archive, name, "a long enough password")
    rosters.put(archive, rosters.ALL, rosters.ALL, [DOCTOR])
    rosters.put(archive, rosters.ALL, "emergency", [FIRST])
    rosters.put(archive, THAR.clinic, rosters.ALL, [SECOND, SECOND, ""])
    assert rosters.roster(archive, "elsewhere", "urgent") == (DOCTOR,)
    assert rosters.roster(archive, "elsewhere", "emergency") == (FIRST,)
    assert rosters.roster(archive, THAR.clinic, "emergency") == (SECOND,)
    rosters.put(archive, THAR.clinic, rosters.ALL, [])
    assert rosters.roster(archive, THAR.clinic, "urgent") == (DOCTOR,)
    with pytest.raises(AccountError):
        rosters.put(archive, rosters.ALL, rosters.ALL, ["nobody"])


def test_rosters_and_people_are_set_at_the_desk(doctor: Doctor, archive: Archive) -> None:
    def post(**form: object) -> int:
        data = {"csrf": doctor.csrf(), **form}
        return doctor.client.post("/rosters", data=data, headers=ORIGIN).status_code

    assert "Nobody is named" in doctor.client.get("/rosters").text
    assert post(do="person", account=DOCTOR, full_name="Dr Aziz <Khan>", telephone="0232") == 303
    assert post(clinic=THAR.clinic, level="", people=[DOCTOR, ""]) == 303
    page = doctor.client.get("/rosters").text
    assert "Dr Aziz &lt;Khan&gt;" in page
    assert "Nobody is named" not in page
    assert rosters.roster(archive, THAR.clinic, "urgent") == (DOCTOR,)
    assert post(clinic="", level="", people=["nobody"]) == 422
    assert ZAHRA not in page
    assert desk_scene.DOCTOR in page
