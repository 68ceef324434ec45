"""What clinicians write, on both engines: it claims nothing before the box has asked for more."""

from __future__ import annotations

from datetime import datetime

import pytest
from desk_scene import DOCTOR, HUNZA, NOW_MS, THAR, ZAHRA, keep, people, sealed

from edge.model.entry import content_id
from edge.model.feed_item import Entity
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import alert_notes, links, messages
from hospital.patients.alert_notes import State
from hospital.patients.messages import SentMessage
from hospital.views import chart

TEXT = "Twice a day, with food"


@pytest.fixture(autouse=True)
def _scene(archive: Archive) -> None:
    with archive.transaction():
        for box in (THAR, HUNZA):
            boxes.enter(archive, box)
    people(archive)


def asks(archive: Archive, box: Box, ver: int | None = None) -> None:
    """Let a box have asked for what comes after a version (None: the newest)."""
    with archive.transaction():
        head = feed.lock(archive, box.clinic).now
        archive.execute(
            "INSERT INTO feed_reader (box, clinic, nonce, epoch, ver, rest, asked_ms)"
            " VALUES (?, ?, ?, ?, ?, 1, 1) ON CONFLICT (box) DO UPDATE SET ver = excluded.ver,"
            " epoch = excluded.epoch",
            (box.id, box.clinic, b"n", head.epoch, head.ver if ver is None else ver),
        )


def sees(archive: Archive, box: Box, one: SentMessage, rev: int | None = None) -> None:
    """Let a worker at a box have read an item."""
    body = {"entity": one.entity, "item": one.id, "rev": one.rev if rev is None else rev}
    keep(archive, box, {"kind": "seen", "body": body, "actor": "w1"})


def only(archive: Archive) -> SentMessage:
    [one] = messages.about(archive, [ZAHRA])
    return one


def states(one: SentMessage) -> list[str]:
    return [way.state for way in one.ways]


def test_a_reply_waits_until_the_box_has_asked_for_more(archive: Archive) -> None:
    asks(archive, THAR)
    messages.reply(archive, ZAHRA, f"  {TEXT} ", DOCTOR, NOW_MS)
    one = only(archive)
    assert (one.text, one.account, states(one)) == (TEXT, DOCTOR, ["waiting"])
    asks(archive, THAR)
    assert states(only(archive)) == ["reached"]
    keep(archive, THAR, {"kind": "staff", "body": {"staff": "w1", "name": "Sana", "role": "w"}})
    sees(archive, THAR, one)
    sees(archive, THAR, one)
    one = only(archive)
    assert states(one) == ["seen"]
    assert [seen.by for seen in one.ways[0].seen] == ["Sana"]


def test_one_of_two_boxes_is_not_all(archive: Archive) -> None:
    second = Box("box-thar-2", THAR.clinic, THAR.keys, "0c", NOW_MS)
    with archive.transaction():
        boxes.enter(archive, second)
    messages.reply(archive, ZAHRA, TEXT, DOCTOR, NOW_MS)
    asks(archive, THAR)
    assert states(only(archive)) == ["partly"]
    asks(archive, second)
    assert states(only(archive)) == ["reached"]


def test_after_a_restore_what_a_box_knew_counts_for_nothing(archive: Archive) -> None:
    messages.reply(archive, ZAHRA, TEXT, DOCTOR, NOW_MS)
    asks(archive, THAR)
    with archive.transaction():
        archive.execute("UPDATE hospital SET generation = generation + 1")
        feed.lock(archive, THAR.clinic)
    assert states(only(archive)) == ["waiting"]


def test_moving_an_appointment_is_news_again(archive: Archive) -> None:
    day = datetime(2026, 12, 3, 9, 30)  # noqa: DTZ001 - the hospital's local time
    item = messages.appoint(archive, ZAHRA, day, "Eye clinic", DOCTOR, NOW_MS)
    asks(archive, THAR)
    sees(archive, THAR, only(archive))
    messages.move(archive, item, day.replace(hour=14), "Eye clinic", "dr-b", NOW_MS + 1)
    moved = only(archive)
    assert (moved.when, moved.rev, states(moved)) == (day.replace(hour=14), 2, ["waiting"])
    asks(archive, THAR)
    sees(archive, THAR, moved, rev=1)  # a late word about the former time
    assert states(only(archive)) == ["reached"]
    messages.take_back(archive, Entity.APPOINTMENT, item, DOCTOR, NOW_MS + 2)
    gone = only(archive)
    assert (gone.gone, states(gone)) == (True, ["waiting"])
    assert feed.get(archive, THAR.clinic, "appointment", item) is None
    assert [(a.rev, a.gone) for a in messages.acts(archive, "appointment", item)] == [
        (1, False), (2, False), (3, True)]  # fmt: skip
    with pytest.raises(HospitalError):
        messages.move(archive, item, day, "", DOCTOR, NOW_MS)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_nothing_and_too_much_are_refused(archive: Archive, text: str) -> None:
    with pytest.raises(HospitalError):
        messages.reply(archive, ZAHRA, text, DOCTOR, NOW_MS)
    with pytest.raises(HospitalError):
        messages.reply(archive, "nobody", TEXT, DOCTOR, NOW_MS)
    assert messages.about(archive, [ZAHRA]) == []


def test_sharing_takes_what_stands_along_and_ending_it_takes_it_back(archive: Archive) -> None:
    messages.reply(archive, ZAHRA, TEXT, DOCTOR, NOW_MS)
    links.share(archive, ZAHRA, HUNZA.clinic, "has moved", DOCTOR, NOW_MS)
    assert feed.get(archive, HUNZA.clinic, "patient", ZAHRA) is not None
    assert [w.clinic for w in only(archive).ways] == sorted([HUNZA.clinic, THAR.clinic])
    asks(archive, HUNZA)
    now = {way.clinic: way.state for way in only(archive).ways}
    assert now == {HUNZA.clinic: "reached", THAR.clinic: "waiting"}
    links.withdraw(archive, ZAHRA, HUNZA.clinic, "moved back", DOCTOR, NOW_MS)
    assert feed.get(archive, HUNZA.clinic, "patient", ZAHRA) is None
    [item] = [t.id for t in messages.about(archive, [ZAHRA])]
    assert feed.get(archive, HUNZA.clinic, "reply", item) is None
    assert [s.shared for s in links.sharings(archive, ZAHRA)] == [False, True]
    with pytest.raises(HospitalError):
        links.share(archive, ZAHRA, "No such clinic", "why", DOCTOR, NOW_MS)


def test_a_link_asks_why_and_keeps_both_ways_in_the_history(archive: Archive) -> None:
    keep(archive, THAR, {"kind": "patient", "body": {"patient": "p9", "rev": 1, "name": "Zahra"}})
    with pytest.raises(HospitalError, match="why"):
        links.link(archive, "p9", ZAHRA, " ", DOCTOR, NOW_MS)
    line = chart.patient(archive, ZAHRA)
    assert line is not None
    links.link(archive, "p9", ZAHRA, "same card", DOCTOR, NOW_MS)
    assert links.one_person(archive, "p9") == links.one_person(archive, ZAHRA) == [ZAHRA, "p9"]
    with pytest.raises(HospitalError):
        links.link(archive, ZAHRA, "0190-ram", "chain", DOCTOR, NOW_MS)
    with pytest.raises(HospitalError):
        links.link(archive, "0190-ram", "p9", "chain", DOCTOR, NOW_MS)
    links.unlink(archive, "p9", "they are sisters", "dr-b", NOW_MS + 1)
    assert links.one_person(archive, "p9") == ["p9"]
    [link] = links.links(archive, ZAHRA)
    assert (link.why, link.undone_by, link.undone_why) == ("same card", "dr-b", "they are sisters")


def test_the_same_card_or_name_is_suggested(archive: Archive) -> None:
    body = {"patient": "p9", "rev": 1, "name": "Z. B.", "card": "1042"}
    keep(archive, HUNZA, {"kind": "patient", "body": body})
    line = chart.patient(archive, ZAHRA)
    assert line is not None
    assert "p9" in [one.patient.id for one in links.may_be_same(archive, line)]


def test_handling_an_alert_tells_its_clinic_and_lets_the_unhandled_come_first(
    archive: Archive,
) -> None:
    [first] = chart.alerts(archive)
    alert_notes.note(archive, first.id, State.SEEN, "Give fluids", DOCTOR, NOW_MS)
    item = feed.get(archive, THAR.clinic, "alert", first.id)
    assert item is not None
    assert (item.body["state"], item.body["note"], item.body["by"]) == (
        "seen", "Give fluids", DOCTOR)  # fmt: skip
    alert_notes.note(archive, first.id, State.HANDLED, "", DOCTOR, NOW_MS + 1)
    other = {"rule": "news2-red", "level": "urgent", "parameter": "systolic",
             "value": ["8480-6", "80", "mm[Hg]"], "bound": "90"}  # fmt: skip
    keep(archive, HUNZA, {"kind": "alert", "body": other})
    keep(archive, HUNZA, {"kind": "alert", "body": other | {"parameter": "pulse"}})
    assert [a.handled for a in chart.alerts(archive)] == [False, False, True]
    assert [n.state for n in alert_notes.notes(archive, [first.id])[first.id]] == [
        "handled",
        "seen",
    ]
    answer = messages.of_alert(archive, first.id)
    assert answer is not None
    assert (answer.rev, states(answer)) == (2, ["waiting"])
    with pytest.raises(HospitalError):
        alert_notes.note(archive, "nothing", State.SEEN, "", DOCTOR, NOW_MS)


def test_a_reading_that_was_compared_is_doubtful_no_more(archive: Archive) -> None:
    values = [["59408-5", "96", "%"]]
    body = {"kind": "oximetry", "source": "device", "values": values, "quality": ["unchecked"]}
    reading = {"kind": "reading", "body": body}
    identity = str(content_id(THAR.id, sealed(reading)))
    confirm = {"kind": "confirm", "body": {"reading": identity}, "actor": "w1"}
    keep(archive, HUNZA, confirm)  # another clinic's word about it counts for nothing
    keep(archive, THAR, reading)
    assert chart.latest(archive, 1)[0].flags == ("unchecked",)
    keep(archive, THAR, confirm)
    assert chart.latest(archive, 1)[0].flags == ()


def test_a_reading_that_was_told_apart_is_perhaps_the_same_no_more(archive: Archive) -> None:
    values = [["8310-5", "36.5", "Cel"]]
    doubts = ["perhaps_same", "unchecked"]
    body = {"kind": "temperature", "source": "device", "values": values, "quality": doubts}
    reading = {"kind": "reading", "body": body}
    identity = str(content_id(THAR.id, sealed(reading)))
    keep(archive, THAR, reading)
    assert chart.latest(archive, 1)[0].flags == ("perhaps_same", "unchecked")
    said = {"reading": identity, "doubt": "perhaps_same"}
    keep(archive, THAR, {"kind": "confirm", "body": said, "actor": "w1"})
    assert chart.latest(archive, 1)[0].flags == ("unchecked",)
