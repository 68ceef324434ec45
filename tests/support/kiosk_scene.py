"""An invented morning at an invented clinic, for screenshots and browser tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pictures import png
from playwright.sync_api import Page

from edge.bundles import requests, sent
from edge.bundles.requests import BundleOnStick, Stick, What
from edge.bundles.sent import SentBundle
from edge.dangers import dangers
from edge.equipment import registry
from edge.equipment.registry import Device
from edge.feed import replica
from edge.files import attachments, patient_files
from edge.files.attachments import Subject
from edge.model.clock import Anchor, Clock, ClockQuality, Stamp
from edge.model.entry import Lane
from edge.model.feed_item import Change, Cursor
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register, summary
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.settings.box_settings import Settings
from edge.staff import drafts, pins, staff
from edge.store import clock_anchors, issues, outbox
from edge.store.store import Store
from edge.visits import visits
from kiosk_ui.context import COOKIE

PIN = "271845"
DAY_MS = 24 * 3600 * 1000

PEOPLE = (
    PatientForm("Muhammad Imran Khan", "male", "1972", village="Chak 12", card="1042"),
    PatientForm("Amina Bibi", "female", "", "34", village="Chak 14", phone="0301-5550142"),
    PatientForm("王秀英", "female", "1958-03-09", village="柳林村", card="1077"),
    PatientForm("محمد عمران", "male", "1969", village="چک ۱۲", card="1101"),
    PatientForm("Imran Ahmed", "male", "", "61", village="Kot Ali", card="1120"),
)

DEVICES = (
    Device("ble-A", "A&D UA-651BLE", "ble", "a", "connected", measures="blood-pressure"),
    Device("usb-B", "Contec CMS50D+", "serial", "b", "connected", measures="oximetry"),
    Device("ble-C", "Beurer FT 95", "ble", "c", "listening", measures="temperature"),
    Device("ble-D", "A&D UC-352BLE", "ble", "d", "absent", measures="weight"),
)

PRESSURES = ((90, 152, 95), (72, 148, 93), (51, 150, 90), (30, 142, 90), (14, 139, 88))
"""Days ago, systolic, diastolic."""


@dataclass(slots=True)
class Scene:
    """A box in the middle of a morning."""

    settings: Settings
    store: Store
    clock: Clock
    worker: str
    technician: str
    people: list[Patient]

    @classmethod
    def build(cls, home: Path) -> Scene:
        """Fill a box in an empty folder."""
        settings = Settings(home=home, box_id="k7mq2xw4ahd5c", clinic="Chak 12 Health Post")
        store = Store.create(settings.database, settings.box_id)
        clock = store.clock()
        now = clock.now()
        told = Anchor(clock.boot, now.t_ms, now.wall_ms, 300, ClockQuality.HOSPITAL)
        clock_anchors.remember(store, now, told)
        pepper = pins.create_pepper(settings.keys)
        worker = staff.add(store, now, "Sana Malik", "worker", PIN, pepper)
        technician = staff.add(store, now, "Bilal Hussain", "technician", "590273", pepper)
        people = [register.register(store, now, form, worker.id) for form in PEOPLE]
        for device in DEVICES:
            registry.met(store, now, device)
            registry.set_battery(store, device.id, 15 if device.id == "ble-C" else 80)
        issues.note(store, now, "battery-low", "Beurer FT 95")
        scene = cls(settings, store, clock, worker.id, technician.id, people)
        scene._past()
        scene.confirm(waiting=2)
        return scene

    def close(self) -> None:
        """Close the box file."""
        self.store.close()

    @staticmethod
    def values(*values: tuple[str, str, str]) -> tuple[Value, ...]:
        """Return values from code, number and unit."""
        return tuple(Value(code, Decimal(number), unit) for code, number, unit in values)

    def measure(
        self,
        device: str,
        kind: Kind,
        *values: tuple[str, str, str],
        at: Stamp | None = None,
        patient: str | None = None,
        quality: tuple[str, ...] = (),
    ) -> intake.Outcome:
        """Let a device give values now, or at another time for a patient."""
        given = self.values(*values)
        reading = Reading(
            Measurement(kind, given, quality=quality),
            at or self.clock.now(),
            "device",
            device,
            raw=b"\x00",
            patient_id=patient,
        )
        return intake.accept(self.store, reading)

    def confirm(self, waiting: int) -> None:
        """Let the hospital's receipts cover everything but the last `waiting` records."""
        state = outbox.state(self.store, Lane.CLINICAL)
        cum = max(state.last - waiting, 0)
        outbox.mark_custody(self.store, Lane.CLINICAL, cum, cum, self.clock.now())
        alerts = outbox.state(self.store, Lane.ALERT)
        outbox.mark_custody(self.store, Lane.ALERT, alerts.last, alerts.last, self.clock.now())
        outbox.set_link(self.store, "up", self.clock.now())

    def pages(self) -> list[tuple[str, Callable[[Page, str], None]]]:
        """Return the pages worth a picture, those of workers last."""
        imran = self.people[0].id
        return [
            ("home", _go("/")),
            ("language", _go("/language")),
            ("sign-in", _go("/sign-in")),
            ("sign-in-pin", _go(f"/sign-in/{self.worker}")),
            ("sign-in-wrong", self._wrong_pin),
            ("sign-in-locked", self._locked),
            ("self-service-start", _go("/measure")),
            ("self-service-card", self._alone_card),
            ("self-service-choose", self._alone_choose),
            ("self-service-wait", self._alone_wait),
            ("self-service-value", self._alone_value),
            ("self-service-done", self._alone_done),
            ("status", _go("/status")),
            ("worker-patients", _go("/patients?q=imran")),
            ("worker-register", self._register),
            ("worker-correct", self._correct),
            ("worker-visit", self._visit),
            ("worker-visit-typed", self._visit_typed),
            ("worker-measuring", self._measuring("")),
            ("worker-breaths", self._measuring("/breaths")),
            ("worker-danger", self._danger),
            ("worker-history", self._history),
            ("worker-messages", self._hospital),
            ("worker-files", self._files),
            ("worker-tray", _go("/tray")),
            ("worker-tray-one", self._tray_one),
            ("worker-retract", self._wrong),
            ("worker-summary", _go(f"/patients/{imran}/summary")),
            ("worker-failure", _go("/nowhere")),
            ("technician-usb", self._stick),
        ]

    def _past(self) -> None:
        now, imran = self.clock.now(), self.people[0].id
        for days, systolic, diastolic in PRESSURES:
            at = replace(now, t_ms=now.t_ms - days * DAY_MS, wall_ms=now.wall_ms - days * DAY_MS)
            self.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, str(systolic), "mm[Hg]"),
                (Code.DIASTOLIC, str(diastolic), "mm[Hg]"), (Code.PULSE, "76", "/min"),
                at=at, patient=imran)  # fmt: skip
            weight = (Code.WEIGHT, f"{71 + days / 40:.1f}", "kg")
            self.measure("ble-D", Kind.WEIGHT, weight, at=at, patient=imran)
        summary.add(self.store, now, imran, "allergies", "Penicillin", None)
        summary.add(self.store, now, imran, "conditions", "Asthma", None)
        medicines = "Metformin 500 mg, twice a day"
        summary.propose_medicines(self.store, now, imran, medicines, None)
        self.measure("ble-C", Kind.TEMPERATURE, (Code.TEMPERATURE, "37.1", "Cel"))
        self.measure("usb-B", Kind.OXIMETRY, (Code.SPO2, "96", "%"), (Code.PULSE, "81", "/min"))

    def _wrong_pin(self, page: Page, address: str) -> None:
        pepper = pins.load_pepper(self.settings.keys)
        staff.sign_in(self.store, self.clock, pepper, self.worker, PIN)  # forgets wrong ones
        page.goto(f"{address}/sign-in/{self.worker}")
        page.locator("#pin").fill("123123")
        page.locator(".go").click()
        page.locator(".problem, [role=alert]").first.wait_for()

    def _locked(self, page: Page, address: str) -> None:
        pepper = pins.load_pepper(self.settings.keys)
        for _ in range(5):
            staff.sign_in(self.store, self.clock, pepper, self.technician, "111222")
        page.goto(f"{address}/sign-in/{self.technician}")
        page.locator("#pin").fill("123123")
        page.locator(".go").click()
        page.locator("[role=timer]").wait_for()

    def _begin_alone(self, page: Page, address: str) -> None:
        visits.close_visit(self.store, self.clock.now(), why="finished")
        page.goto(f"{address}/measure")
        page.get_by_role("button").locator("xpath=self::*[@name='without']").click()
        page.wait_for_url("**/choose")

    def _alone_card(self, page: Page, address: str) -> None:
        page.goto(f"{address}/measure")
        page.locator("#card").fill("1042")
        page.locator(".go").click()
        page.wait_for_url("**/measure/card")

    def _alone_choose(self, page: Page, address: str) -> None:
        self._begin_alone(page, address)

    def _alone_wait(self, page: Page, address: str) -> None:
        self._begin_alone(page, address)
        page.goto(f"{address}/measure/blood-pressure")

    def _alone_value(self, page: Page, address: str) -> None:
        self._alone_wait(page, address)
        self.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "128", "mm[Hg]"),
            (Code.DIASTOLIC, "82", "mm[Hg]"), (Code.PULSE, "70", "/min"))  # fmt: skip
        page.locator(".result .quantity").first.wait_for()

    def _alone_done(self, page: Page, address: str) -> None:
        self._alone_value(page, address)
        page.locator("#leave button").click()
        page.locator("[data-home-after-s]").wait_for()

    def _register(self, page: Page, address: str) -> None:
        self._nothing_begun()
        page.goto(f"{address}/patients/new")
        page.locator("#name").fill("Mohammed Imran Khan")
        page.locator("input[value=male]").check()
        page.locator("#age").fill("sixty")
        page.locator("#phone").fill("no phone")
        page.locator("#new .buttons .act").click()
        page.locator(".problem").first.wait_for()

    def _correct(self, page: Page, address: str) -> None:
        self._nothing_begun()
        page.goto(f"{address}/patients/{self.people[1].id}/correct")
        page.locator("#name").fill("Ameena Bibi")
        page.locator("#village").fill("Chak 15")
        page.locator("#new .buttons .act").click()
        page.locator(".changes").wait_for()

    def open_visit(self) -> str:
        """Open a visit of the first patient in which three things are measured."""
        imran = self.people[0].id
        visit = visits.open_visit(self.store, self.clock.now(), imran, actor=self.worker).id
        self.measure("usb-B", Kind.OXIMETRY, (Code.SPO2, "97", "%"), (Code.PULSE, "72", "/min"))
        self.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "184", "mm[Hg]"),
            (Code.DIASTOLIC, "96", "mm[Hg]"), (Code.PULSE, "74", "/min"),
            quality=("body_movement",))  # fmt: skip
        typed = Reading(
            Measurement(Kind.TEMPERATURE, (Value(Code.TEMPERATURE, Decimal("36.8"), "Cel"),)),
            self.clock.now(), "typed", patient_id=imran, visit_id=visit, actor=self.worker,
        )  # fmt: skip
        self.confirm(waiting=2)
        intake.accept(self.store, typed)
        self._answer_dangers()
        return visit

    def _visit(self, page: Page, address: str) -> None:
        """An open session: one value confirmed, one doubted, one arriving this second."""
        imran = self.people[0].id
        visit = visits.open_visit(self.store, self.clock.now(), imran, actor=self.worker)
        self.measure("ble-C", Kind.TEMPERATURE, (Code.TEMPERATURE, "36.8", "Cel"))
        self.confirm(waiting=0)
        self.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "142", "mm[Hg]"),
            (Code.DIASTOLIC, "88", "mm[Hg]"), (Code.PULSE, "74", "/min"),
            quality=("body_movement",))  # fmt: skip
        self.measure("ble-D", Kind.WEIGHT, (Code.WEIGHT, "71.4", "kg"))
        page.goto(f"{address}/visits/{visit.id}")
        stream = self.values((Code.SPO2, "97", "%"), (Code.PULSE, "72", "/min"))
        registry.show_live(
            self.store, self.clock.now(), "usb-B", Measurement(Kind.OXIMETRY, stream)
        )
        page.locator(".tile.live").first.wait_for()

    def _answer_dangers(self) -> None:
        for danger in dangers.waiting(self.store):
            end = dangers.Ending.TREATED
            dangers.end(self.store, self.clock.now(), danger, end, actor=self.worker)

    def _history(self, page: Page, address: str) -> None:
        self._answer_dangers()
        page.goto(f"{address}/patients/{self.people[0].id}/history")

    def _measuring(self, path: str) -> Callable[[Page, str], None]:
        def show(page: Page, address: str) -> None:
            now, imran = self.clock.now(), self.people[0].id
            visit = visits.open_visit(self.store, now, imran, actor=self.worker)
            page.goto(f"{address}/visits/{visit.id}/measuring{path}")

        return show

    def _danger(self, page: Page, address: str) -> None:
        """A man with a very high pressure; one step is done."""
        now, umran = self.clock.now(), self.people[3].id
        visits.open_visit(self.store, now, umran, actor=self.worker)
        self.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "226", "mm[Hg]"),
            (Code.DIASTOLIC, "124", "mm[Hg]"), (Code.PULSE, "92", "/min"))  # fmt: skip
        page.goto(f"{address}/dangers/{umran}")
        if page.locator(".stop-step[aria-pressed=true]").count() == 0:
            page.locator(".stop-step").first.click()
        page.locator(".stop-step[aria-pressed=true]").wait_for()

    def _visit_typed(self, page: Page, address: str) -> None:
        visit = visits.open_visit(
            self.store, self.clock.now(), self.people[0].id, actor=self.worker
        )
        self._nothing_begun()
        page.goto(f"{address}/visits/{visit.id}")
        page.locator("[data-row=temperature]").click()
        page.locator("#t-temperature input[name=v0]").fill("398")
        page.locator("#t-temperature .record").click()
        page.locator("#t-temperature.bad").wait_for()
        page.locator("#t-weight input[name=v0]").fill("71,4")
        page.locator("#t-weight .record").click()
        page.locator("#live .tile.kept").first.wait_for()

    def _stick(self, page: Page, address: str) -> None:
        """A stick with a bundle that waits, an old one that is confirmed, one of another box."""
        self._let_technician_in(page, address)
        now, clinical = self.clock.now(), outbox.state(self.store, Lane.CLINICAL)
        reach = {"c": outbox.entry_at(self.store, Lane.CLINICAL, clinical.last)}
        waits = SentBundle(os.urandom(8), 1, now.wall_ms - 240_000, 2, {}, reach, [], Cursor())
        done = SentBundle(os.urandom(8), 1, now.wall_ms - DAY_MS, 9, {}, {"c": 1}, [], Cursor())
        sent.remember(self.store, done)
        sent.answered(self.store, done.nonce, now)
        sent.remember(self.store, waits)
        box, span = self.settings.box_id, [clinical.cum + 1, clinical.last]
        held = (
            BundleOnStick("up", "q4tz9mb2xk7aw", "00", done.written_ms, 88_000, False, True, True),
            _held(done, box, lanes={"c": [1, 9]}),
            _held(waits, box, lanes={"c": span}, files=1),
            BundleOnStick("down", box, done.nonce.hex(), done.written_ms, 36_000, True, True, True),
        )
        requests.show(self.store, [Stick("/media/usb0", "KINGSTON", 7_412_000_000, held)])
        while (open_one := requests.wanted(self.store)) is not None:
            requests.end(self.store, open_one, {})
        requests.ask(self.store, now, What.WRITE, "/media/usb0")
        asked = requests.wanted(self.store)
        if asked is not None:
            requests.end(
                self.store, asked, {"records": span[1] - span[0] + 1, "files": 1, "left": 0}
            )
        page.goto(f"{address}/usb")

    def _let_technician_in(self, page: Page, address: str) -> None:
        with self.store.transaction():
            self.store.execute("DELETE FROM lockout")
        pepper = pins.load_pepper(self.settings.keys)
        told = staff.sign_in(self.store, self.clock, pepper, self.technician, "590273")
        assert isinstance(told, staff.SignedIn)
        page.context.add_cookies([{"name": COOKIE, "value": told.token, "url": address}])

    def _nothing_begun(self) -> None:
        while (begun := drafts.newest(self.store, self.clock.now(), self.worker)) is not None:
            drafts.forget(self.store, self.worker, begun.form)

    def told(self) -> None:
        """Let the hospital have written; what was read before is told anew."""
        day = (self.clock.now().wall.astimezone() + timedelta(days=2)).date().isoformat()
        by = {"by": "Dr Aziz", "at_ms": self.clock.now().wall_ms}
        imran, amina = self.people[0].id, self.people[1].id
        rev = replica.cursor(self.store).ver + 1
        dose = "Twice a day, with food. Measure again in a week."
        items: list[tuple[str, str, dict[str, object]]] = [
            ("reply", "r1", {"patient": imran, "text": dose}),
            ("appointment", "a1", {"patient": imran, "when": f"{day}T09:30", "what": "Eye clinic"}),
            ("alert", "x1", {"patient": amina, "state": "handled", "note": "The car is coming"}),
        ]
        changes = [Change(rev + i, kind, one, rev, body | by)
                   for i, (kind, one, body) in enumerate(items)]  # fmt: skip
        replica.apply(self.store, changes, Cursor(1, rev + len(items)))

    def _hospital(self, page: Page, address: str) -> None:
        self.told()
        page.goto(f"{address}/hospital")
        self._untell()

    def _untell(self) -> None:
        """Take it back again, so that the other pages look as before."""
        ver = replica.cursor(self.store).ver
        told = (("reply", "r1"), ("appointment", "a1"), ("alert", "x1"))
        gone = [Change(ver + 1, kind, one, ver, None) for kind, one in told]
        replica.apply(self.store, gone, Cursor(1, ver + 1))

    def _files(self, page: Page, address: str) -> None:
        """A photo that the hospital has, a recording on its way."""
        now, imran = self.clock.now(), self.people[0].id
        visit = visits.open_visit(self.store, now, imran, actor=self.worker)
        if not patient_files.of_patient(self.store, imran):
            about, home = Subject(imran, visit.id), self.settings.home
            photo = attachments.add(
                self.store, home, now, png(), "image/png", about, self.worker)  # fmt: skip
            total = -(-len(png()) // attachments.CHUNK_BYTES)
            have = (2**total - 1).to_bytes(-(-total // 8), "little")
            attachments.confirm(self.store, photo, have, True)
            voice = b"OggS" + bytes(5 * attachments.CHUNK_BYTES)
            one = attachments.add(self.store, home, now, voice, "audio/ogg", about, self.worker)
            attachments.confirm(self.store, one, b"\x07", False)
        page.goto(f"{address}/visits/{visit.id}/files")

    def _tray_one(self, page: Page, address: str) -> None:
        page.goto(f"{address}/tray")
        page.locator(".tray-row .act").first.click()
        page.wait_for_url("**/tray/*")  # and its script: typing earlier would search nothing
        page.locator("#q").fill("amina")
        page.locator(".hits li").first.wait_for()

    def _wrong(self, page: Page, address: str) -> None:
        page.goto(f"{address}/patients/{self.people[0].id}/history")
        page.locator("tbody .tool").first.click()
        page.wait_for_url("**/retract")


def _held(one: SentBundle, box: str, **more: object) -> BundleOnStick:
    nonce, size = one.nonce.hex(), 184_000
    return BundleOnStick("up", box, nonce, one.written_ms, size, True, True, True, **more)


def _go(path: str) -> Callable[[Page, str], None]:
    def go(page: Page, address: str) -> None:
        page.goto(address + path)

    return go
