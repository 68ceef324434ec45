"""One box that fell, or two that are called the same: told apart by the sessions they open."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime

from box_on_wire import KEYS, NOW_MS, Desk, Sender, enrolled
from hypothesis import given
from hypothesis import strategies as st

from hospital.archive import Archive
from hospital.fleet import boxes, claims
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.fleet.claims import Instead, Offer
from hospital.views import chart
from sync.core import Fence, Welcome
from sync.core.clones import OpenedSession, forks, returns, suspicion
from sync.core.messages import QUARANTINED, LaneReport
from sync.core.retry_times import next_nonce
from sync.keys import enrolment
from sync.keys.enrolment import Request
from sync.keys.keys import BoxKeys, HospitalKeys, certificate_request


def line(start: bytes, count: int) -> list[OpenedSession]:
    made = []
    for _ in range(count):
        made.append(OpenedSession(start))
        start = next_nonce(start)
    return made


def test_a_box_that_starts_again_and_again_is_one_box() -> None:
    sessions = [s for n in range(20) for s in line(bytes([n]) * 8, 3)]
    assert returns(sessions) == 0
    assert suspicion(sessions) is None


def test_lines_that_take_turns_are_two_machines() -> None:
    one, two = line(b"a" * 8, 5), line(b"b" * 8, 5)
    mixed = [s for pair in zip(one, two, strict=True) for s in pair]
    assert returns(mixed) == 8
    assert suspicion(mixed[:3]) is None
    assert "in turn" in (suspicion(mixed[:4]) or "")


def test_sessions_that_we_never_heard_of_do_not_break_a_line() -> None:
    sessions = line(b"a" * 8, 12)[::5]
    assert returns([sessions[0], OpenedSession(b"z" * 8), *sessions[1:]]) == 1


def test_one_fork_is_an_accident_and_a_lost_answer_is_no_second_one() -> None:
    fallen = [
        OpenedSession(b"1" * 8),
        OpenedSession(b"2" * 8, True),
        OpenedSession(b"3" * 8, True),
        OpenedSession(b"4" * 8),
    ]
    assert forks(fallen) == 1
    assert suspicion(fallen) is None
    again = [*fallen, OpenedSession(b"5" * 8, True)]
    assert "2 new epochs" in (suspicion(again) or "")


@given(st.lists(st.integers(1, 4), max_size=8))
def test_one_process_after_another_never_looks_like_two(runs: list[int]) -> None:
    sessions = [s for run in runs for s in line(os.urandom(8), run)]
    assert suspicion(sessions) is None


def test_a_greeting_that_is_only_late_is_no_second_machine() -> None:
    """Of a line that is dead, or older than the one that came after it: nobody lives in it."""
    dead, alive = line(b"a" * 8, 4), line(b"z" * 8, 4)
    late = [replace(s, lived=False) for s in dead[1:]]
    mixed = [dead[0], alive[0], late[0], alive[1], late[1], alive[2], late[2], alive[3]]
    assert suspicion(mixed) is None
    assert suspicion([replace(s, lived=True) for s in mixed]) is not None
    assert returns([alive[1], alive[0], alive[3], alive[2]]) == 0


def named(*words: str, fork: bool = False) -> list[OpenedSession]:
    """Sessions of boots called like "A1": the machine, then its boot; one process a session."""
    return [OpenedSession(os.urandom(8), fork, True, word[0], word) for word in words]


def test_a_card_that_falls_back_at_every_boot_is_one_machine() -> None:
    sessions: list[OpenedSession] = []
    for boot in ("A1", "A2", "A3", "A4"):
        sessions += [*named(boot, fork=True), *named(boot)]
        assert suspicion(sessions) is None
    moved = [*sessions, *named("B1", fork=True), *named("B1")]
    assert suspicion(moved) is None  # the card goes into another board
    silent = [replace(s, machine="", boot="") for s in sessions]
    assert "new epochs" in (suspicion(silent) or "")


def test_a_boot_that_comes_back_is_a_second_machine() -> None:
    assert suspicion(named("A1", "B1", "A1")) is None
    assert "in turn" in (suspicion(named("A1", "B1", "A1", "B1")) or "")


def test_machines_that_are_switched_on_in_turn_are_told_by_their_forks() -> None:
    boots = ("A1", "B1", "A2", "B2")
    assert suspicion(named(*boots)) is None  # one card goes to and fro between two boards
    forked = [s for boot in boots for s in (*named(boot, fork=True), *named(boot))]
    assert "change its records in turn" in (suspicion(forked) or "")


def test_two_copies_of_a_box_on_one_machine_are_told_by_their_forks() -> None:
    one = [replace(s, machine="A", boot="A1") for s in line(b"a" * 8, 4)]
    two = [replace(s, machine="A", boot="A1") for s in line(b"z" * 8, 4)]
    mixed = [s for pair in zip(one, two, strict=True) for s in pair]
    assert suspicion(mixed) is None  # two processes of one box: one history
    assert suspicion([replace(s, fork=n in (2, 4)) for n, s in enumerate(mixed)]) is not None


def test_a_day_with_sessions_that_say_nothing_is_judged_as_before() -> None:
    forked = [*named("A1", fork=True), *named("A1"), *named("A2", fork=True), *named("A2")]
    assert suspicion(forked) is None
    assert suspicion([*line(b"a" * 8, 1), *forked]) is not None


def test_two_forks_of_one_machine_do_not_shut_the_box_out(archive: Archive) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    answers = []
    for boot in range(1, 5):
        box.about = {"machine": "m", "boot": f"b{boot}"}
        (fence,) = desk.take(box.hello(fork=True, nonce=b"forks%03d" % boot), "h")
        assert isinstance(fence, Fence)
        answers.append(fence.reason)
        box.epoch = fence.epoch
        (welcome,) = desk.take(box.hello(nonce=b"lives%03d" % boot), "h")
        assert isinstance(welcome, Welcome)
    assert answers == ["fork"] * 4


def test_two_machines_that_greet_in_step_are_told_apart_too(archive: Archive) -> None:
    """One's word always comes when the other's session has begun: it has lived all the same."""
    desk = Desk(enrolled(archive))
    one, two = line(b"a" * 8, 4), line(b"z" * 8, 4)
    reasons: list[str] = []
    for pair in zip(one, two, strict=True):
        both = [Sender(nonce=session.nonce) for session in pair]
        answers = [answer for box in both for answer in desk.take(box.hello(), "h")]
        reasons += [a.reason for a in answers if isinstance(a, Fence)]
        for box in both:
            desk.receiver.receive("cs/1/u/box-one/h", box.ask(), NOW_MS)
    assert reasons[:1] == [QUARANTINED]


def test_two_machines_are_told_apart_by_the_sessions_they_live_in(archive: Archive) -> None:
    desk = Desk(enrolled(archive))
    one, two = line(b"a" * 8, 4), line(b"z" * 8, 4)
    answers: list[object] = []
    for pair in zip(one, two, strict=True):
        for session in pair:
            box = Sender(nonce=session.nonce)
            answers += desk.take(box.hello(), "h")
            desk.receiver.receive("cs/1/u/box-one/h", box.ask(), NOW_MS)
    reasons = [a.reason for a in answers if isinstance(a, Fence)]
    assert (len(answers) - len(reasons), reasons[:1]) == (4, [QUARANTINED])


def test_the_identity_is_stopped_at_the_second_fork(archive: Archive) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    desk.admit(box)
    answers = []
    for number in (2, 4):
        (fence,) = desk.take(box.hello(fork=True, nonce=b"session%d" % number), "h")
        assert isinstance(fence, Fence)
        answers.append(fence.reason)
        box.epoch = fence.epoch
        if fence.epoch:
            (welcome,) = desk.take(box.hello(nonce=b"session%d" % (number + 1)), "h")
            assert isinstance(welcome, Welcome)
    assert answers == ["fork", QUARANTINED]
    (line_one,) = [c for c in chart.clinics(archive) if c.box == "box-one"]
    assert line_one.standing == QUARANTINED
    assert "healthpost enrol --new-keys" in line_one.why
    (refused,) = desk.take(Sender(nonce=b"session9").hello(), "h")
    assert isinstance(refused, Fence)
    assert (refused.epoch, refused.reason) == (0, QUARANTINED)


def test_records_that_a_box_let_go_of_are_missed_aloud(archive: Archive) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 10))
    box.nonce = b"session2"
    box.reports = {"c": LaneReport(25, 39, 39)}
    desk.take(box.hello(), "h")
    assert chart.clinics(archive)[0].missing == 15


def test_a_readmitted_box_comes_in_under_new_keys_alone(
    archive: Archive, authority: Authority
) -> None:
    desk, box = Desk(enrolled(archive)), Sender()
    first = authority.sign_box(certificate_request(KEYS, "box-one"), "box-one", NOW)
    with archive.transaction():
        boxes.enter(archive, Box("box-one", "Thar", KEYS.public, first.serial, NOW_MS))
    boxes.set_standing(archive, "box-one", QUARANTINED, "two of them")
    fresh = BoxKeys.generate()
    again = Instead(readmits="box-one")
    asking = ((Instead(), fresh, False), (again, KEYS, False), (again, fresh, True))
    for instead, keys, granted in asking:
        claim = claims.create(archive, "Thar", "http://desk.example", NOW, instead)
        csr = certificate_request(keys, "box-one").decode("ascii")
        bare = Request(claim.claim_id, "box-one", csr, keys.public.sign, keys.public.decrypt)
        asked = enrolment.ask(claim, bare, keys.sign.sign)
        offer = Offer(HospitalKeys.generate().public, "127.0.0.1", 8883)
        assert claims.enrol(archive, authority, offer, asked.encode(), NOW)[1] is granted
    assert desk.take(box.hello(), "h") == []
    assert desk.refused()["BadSignature"] == 1
    renewed = Sender(keys=fresh)
    assert isinstance(desk.take(renewed.hello(), "h", keys=fresh)[0], Welcome)
    held = boxes.get(archive, "box-one")
    assert held is not None
    assert (held.standing, held.why) == ("active", "")


def test_a_replaced_box_is_shut_out_when_its_successor_joins(
    archive: Archive, authority: Authority
) -> None:
    desk, old = Desk(enrolled(archive)), Sender()
    fresh = BoxKeys.generate()
    claim = claims.create(archive, "Thar", "http://desk.example", NOW, Instead(replaces="box-one"))
    csr = certificate_request(fresh, "box-new").decode("ascii")
    bare = Request(claim.claim_id, "box-new", csr, fresh.public.sign, fresh.public.decrypt)
    asked = enrolment.ask(claim, bare, fresh.sign.sign)
    offer = Offer(HospitalKeys.generate().public, "127.0.0.1", 8883)
    assert claims.enrol(archive, authority, offer, asked.encode(), NOW)[1]
    (fence,) = desk.take(old.hello(), "h")
    assert isinstance(fence, Fence)
    assert (fence.epoch, fence.reason) == (0, "replaced")


NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
