"""A box that writes an entry of every kind, with every key of its body, by the product's verbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import every_referral
from hand_clock import HandClock
from readings import cuff, pressure

from edge.assessments import rule_log
from edge.assessments.rule_log import RuleEvent
from edge.care import appointments, calls, episodes, fridge, immunizations
from edge.care.calls import Call
from edge.care.fridge import FridgeReading
from edge.care.immunizations import Dose
from edge.dangers import dangers
from edge.equipment import (
    bluetooth_recovery,
    controls,
    device_requests,
    pairings,
    registry,
    serial_bindings,
)
from edge.equipment.registry import Device
from edge.feed import command_log, messages, replica
from edge.files import attachments
from edge.files.attachments import Subject
from edge.medicines import given as medicines
from edge.medicines.given import GivenMedicine
from edge.model.clock import Anchor, ClockQuality
from edge.model.command import Command
from edge.model.entry import Lane
from edge.model.feed_item import Change, Cursor
from edge.model.patient import Patient
from edge.model.reading import (
    UNCHECKED,
    Code,
    CodedValue,
    EyeTestKit,
    Kind,
    Measurement,
    Reading,
    Value,
)
from edge.patients import family, register, summary
from edge.patients.form import PatientForm
from edge.readings import intake, measured, retract
from edge.readings.intake import AcceptedReading
from edge.readings.measuring import Arm
from edge.reports import box_facts, closing
from edge.settings import remote_settings
from edge.staff import audit, pins, staff
from edge.stock import stock
from edge.stock.items import Item
from edge.store import clock_anchors, damage, outbox, taken_back
from edge.store.damage import DamagedEntry
from edge.store.store import Store
from edge.visits import eye_tests, moving, notes, visits
from edge.visits.note_patch import Patch
from edge.visits.visits import PAPER_STATION

FALLEN_BACK = datetime.fromisoformat("2021-01-01T00:00:08")
TODAY = datetime.fromisoformat("2026-11-22T09:00")


def write(store: Store, home: Path, hand: HandClock) -> None:
    """Write all of them into a box's file."""
    now = hand.now()
    anchor = Anchor(now.boot, now.t_ms, now.wall_ms, 300, ClockQuality.HOSPITAL)
    clock_anchors.remember(store, now, anchor)
    pepper = pins.create_pepper(home / "keys")
    amina = staff.add(store, now, "Amina", "worker", "271845", pepper)
    _sign_in(store, hand, amina.id, pepper)
    form = PatientForm("Sita", "female", "1950", village="Thar", phone="03015550142", card="1042")
    sita = register.register(store, hand.now(), form, amina.id)
    register.correct(store, hand.now(), sita.id, {"village": "Hunza"}, amina.id)
    gone = PatientForm("Nur", deceased="2026-11", moved_away="yes 2026-11-01")
    register.register(store, hand.now(), gone, amina.id)
    newborn = PatientForm("Gita", age="3", age_unit="weeks", gestation="35", birth_order="1")
    family.register_baby(store, hand.now(), sita.id, newborn, amina.id)
    summary.add(store, hand.now(), sita.id, "allergies", "Penicillin", amina.id)
    _visit(store, hand, sita, amina.id, home)
    _tray(store, hand, sita, amina.id)
    _equipment(store, hand, amina.id)
    _hospital(store, hand, sita, amina.id)
    signed = RuleEvent("news2", "1", "ab" * 32, rule_log.SIGNED, by="Dr Aziz", why="reviewed")
    rule_log.note(store, hand.now(), signed, actor=amina.id)
    _care(store, hand, sita, amina.id)
    soap = Item("soap", "Soap", "piece", 3, own=True)
    received = {"what": "received", "number": "20", "batch": "B7", "expiry": "03/2028"}
    stock.move(store, hand.now(), soap, received, amina.id)
    _month(store, hand, sita, amina.id)
    every_referral.write(store, hand, sita, amina.id)
    staff.set_pin(store, hand.now(), amina.id, "590273", pepper, amina.id)
    gone = DamagedEntry(Lane.CLINICAL, 0, 0)  # no entry that anybody looks at
    damage.note(store, hand.now(), [gone])
    outbox.start_epoch(store, 2, hand.now(), "the hospital holds another history")


def _sign_in(store: Store, hand: HandClock, who: str, pepper: bytes) -> None:
    for _ in range(5):
        staff.sign_in(store, hand, pepper, who, "000000")
    hand.advance(61)
    signed = staff.sign_in(store, hand, pepper, who, "271845")
    assert isinstance(signed, staff.SignedIn)
    staff.sign_out(store, hand, signed.token)


def _visit(store: Store, hand: HandClock, sita: Patient, who: str, home: Path) -> None:
    visit = visits.open_visit(store, hand.now(), sita.id, actor=who)
    audit.note_view(store, hand.now(), sita.id, who)
    low = replace(
        cuff(hand.now(), pressure(85, 50, 135), time=TODAY, record="7"), model="UA-651BLE"
    )
    doubtful = replace(low.measured, quality=(UNCHECKED,), user=1)
    outcome = intake.accept(store, replace(low, measured=doubtful))
    assert isinstance(outcome, AcceptedReading)
    assert outcome.alerts
    intake.confirm(store, hand.now(), outcome.entry, actor=who)
    _danger(store, hand, sita, who)
    doubted = [
        intake.accept(store, cuff(hand.advance(60), time=FALLEN_BACK)).entry for _ in range(2)
    ]
    intake.tell_apart(store, hand.now(), doubted[1], actor=who)
    retract.strike(store, hand.now(), outcome.entry, "trial", actor=who)
    photo = attachments.add(
        store, home, hand.now(), b"photo", "image/jpeg", Subject(sita.id, visit.id), who
    )
    about = Subject(sita.id, visit.id, photo)
    attachments.add(store, home, hand.now(), b"small", "image/jpeg", about, who)
    visits.close_visit(store, hand.now(), why="finished", actor=who)
    _paper_visit(store, hand, sita, who)


def _danger(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    danger = dangers.of_patient(store, sita.id)
    assert danger is not None
    dangers.set_step(store, hand.now(), danger, "stay", done=True, actor=who)
    dangers.end(store, hand.now(), danger, dangers.Ending.TREATED, actor=who)
    for arm in (Arm.LEFT, Arm.RIGHT):
        irregular = replace(cuff(hand.advance(60)).measured, quality=("irregular_pulse",))
        kept = intake.accept(store, replace(cuff(hand.now()), measured=irregular))
        measured.say_arm(store, hand.now(), kept.entry, arm, actor=who)


def _paper_visit(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    day = visits.day_of(hand.now()) - timedelta(days=3)
    visit = visits.open_paper(store, hand.now(), sita.id, day, "pregnancy", actor=who)
    first: Patch = {"complaints": {"add": ["fever"]}, "pregnant": "yes", "lmp": "2026-05-01"}
    notes.write(store, hand.now(), visit.id, first, actor=who)
    notes.say_sign(store, hand.now(), visit.id, "bleeding", "present", actor=who)
    notes.say(store, hand.now(), visit.id, "found", "Swollen feet", actor=who)
    then: Patch = {"complaints": {"remove": ["fever"]}, "found": None}
    notes.write(store, hand.now(), visit.id, then, actor=who)
    kit = EyeTestKit("SD Bioline", "05DDB012A", date(2020, 1, 31))
    strip = eye_tests.EYE_TESTS["malaria"]
    result = eye_tests.measured(strip, {"70569-9": "invalid"}, kit, day, expired=True)
    read = Reading(result, hand.now(), "typed", patient_id=sita.id, visit_id=visit.id, day=day)
    intake.accept(store, replace(read, actor=who))
    given = GivenMedicine(
        medicine="paracetamol",
        dose=Decimal(500),
        unit="mg",
        quantity=Decimal(10),
        batch="B7",
        overruled="no other medicine is here",
    )
    kept = medicines.record(store, hand.now(), visit.id, given, actor=who)
    taken_back.take_back(store, hand.now(), kept.entry, "typed twice", actor=who)
    visits.close_visit(store, hand.now(), why="finished", station=PAPER_STATION, actor=who)
    hers = register.register(store, hand.now(), PatientForm("Sita Devi"), who)
    moving.move(store, hand.now(), visit.id, hers.id, visit.id, actor=who)


def _care(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    visit, now = visits.open_visit(store, hand.now(), sita.id, actor=who).id, hand.now()
    facts = {"lmp": "2026-06-01"}
    enrolled = episodes.enrol(store, now, sita.id, "antenatal-care", who, facts=facts, visit=visit)
    moved = episodes.Outcome("transferred", why="moves to her mother", place="Gilgit")
    episodes.end(store, now, enrolled.id, moved, who)
    for due in ("2026-12-01", "2026-12-08"):
        booked = appointments.book(
            store, now, sita.id, due, who, programme="hypertension", visit=visit
        )
    appointments.set_state(store, now, booked.id, "kept", who, visit=visit)
    about = {"appointment": booked.id, "episode": enrolled.id}
    calls.note(
        store, now, sita.id, Call("remind", remind="2026-12-10", note="at a wedding", **about), who
    )
    elsewhere = Dose("bcg", 1, "2026-11-01", "B12", "2027-01", "left-arm", elsewhere=True)
    immunizations.give(store, now, sita.id, elsewhere, who, visit=visit)
    fridge.note(store, now, FridgeReading("Fridge 1", Decimal("9.5"), device="sensor-1"), None)
    fridge.note(store, now, FridgeReading("Fridge 1", Decimal(4)), who)
    visits.close_visit(store, hand.now(), why="finished", actor=who)


def _month(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    box_facts.state_offset(store, hand.now(), 300)
    closing.close(store, hand.now(), "2026-10", who)
    late = visits.open_paper(store, hand.now(), sita.id, date(2026, 10, 30), None, actor=who)
    visits.close_visit(store, hand.now(), why="finished", station=late.station, actor=who)
    closing.restate(store, hand.now(), "2026-10", "a visit from paper", who)


def _tray(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    stored = intake.accept(store, cuff(hand.now(), time=TODAY.replace(hour=8), stored=True))
    other = intake.accept(store, cuff(hand.advance(60), pressure(130, 90, 70)))
    assert isinstance(stored, AcceptedReading)
    assert isinstance(other, AcceptedReading)
    intake.claim(store, hand.now(), stored.entry, sita.id, actor=who)
    intake.discard(store, hand.now(), other.entry, "trial", actor=who)
    intake.accept(store, cuff(hand.now(), pressure(700, 80, 72)))


def _equipment(store: Store, hand: HandClock, who: str) -> None:
    met = Device("usb-B", "TM-2657", "serial", "b", "connected", requests="start-adult stop")
    registry.met(store, hand.now(), met)
    _laboratory(store, hand)
    device_requests.ask(store, hand.now(), met.id, "start-adult", who)
    pairings.ask(store, hand.now(), "AA:BB", actor=who)
    failed = pairings.State.FAILED
    pairings.set_state(store, hand.now(), "AA:BB", failed, detail="the device is silent")
    serial_bindings.bind(store, hand.now(), "usb-1", "TM-2657", actor=who)
    serial_bindings.unbind(store, hand.now(), "usb-1", actor=who)
    bluetooth_recovery.took(store, hand.now(), "restart", "no answer for 60 s")


def _laboratory(store: Store, hand: HandClock) -> None:
    measured = Measurement(
        Kind.LABORATORY,
        (Value(Code.HAEMOGLOBIN, Decimal("12.3"), "g/dL"),),
        device_time=TODAY,
        quality=(UNCHECKED,),
        record="S-101",
        coded=(CodedValue("75622-1", "negative"),),
        found=("OBR-3", "OBR-7"),
    )
    reading = Reading(measured, hand.now(), "device", device_id="usb-B", model="HL7 analyser")
    intake.accept(store, reading)
    controls.file(store, reading)


def _hospital(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    told: dict[str, object] = {"patient": sita.id, "by": "Dr Aziz", "at_ms": 1, "text": "Rest"}
    changes = [
        Change(1, "reply", "r1", 1, told),
        Change(2, "setting", "box.retention_days", 1, {"value": 60}),
        Change(3, "setting", "box.id", 1, {"value": "x"}),
    ]
    replica.apply(store, changes, Cursor(1, 3))
    messages.note_seen(store, hand.now(), ["reply/r1/1"], who)
    remote_settings.answer(store, hand.now())
    command_log.carry_out(store, hand.now(), Command("c1", 1, "unheard-of", {}), {})
