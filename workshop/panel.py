"""The panel: a page on which simulated devices measure, fail and are unplugged by a button."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from devices.simulators.faults import Fault
from edge.model.patient import Patient
from edge.patients import register
from edge.readings import history
from edge.staff import staff
from edge.store import issues
from edge.store.losses import open_store
from edge.store.store import Store
from edge.visits import visits
from provisioning.demo import DOCTOR, PASSWORD, PIN, WORKER, RunningDemo
from provisioning.errors import CommandFailed
from web.application import Protection, protect
from web.hosts import own_names
from web.polling import polled
from workshop.seed import TECHNICIAN, TECHNICIAN_PIN

HOST = "127.0.0.1"
SHOWN = 5
"""Commands, readings and refused measurements shown, of each the newest."""
PATIENTS_SHOWN = 10

STAFF = f"{WORKER}, PIN {PIN} · technician {TECHNICIAN}, PIN {TECHNICIAN_PIN}"
DOCTORS = f"{DOCTOR}, password {PASSWORD}"
"""Who may sign in at the kiosk and at the desk; invented, as all people here."""

FAULTS: Mapping[Fault, tuple[str, str]] = {
    Fault.DROP: ("link lost", "The link is lost, or the line in the middle of a frame."),
    Fault.TRUNCATED: ("truncated", "The value ends too early for its own flags."),
    Fault.WRONG_CLOCK: ("wrong clock", "The device's clock was never set."),
    Fault.NAN: ("no value", "The measurement fails, as with a loose cuff; the device says so."),
    Fault.FINGER_OUT: ("probe off", "No finger in the sensor."),
    Fault.LOW_BATTERY: ("low battery", "The battery is nearly empty."),
    Fault.GARBAGE_PREFIX: ("line noise", "Line noise comes before the frame."),
    Fault.FLIPPED_BIT: ("wrong bit", "One bit of the frame is wrong."),
    Fault.LOST_BYTE: ("lost byte", "One byte of the frame does not arrive."),
    Fault.REPEATED: ("sent twice", "The frame comes twice."),
    Fault.MUTE: ("silent", "The device is there and says nothing."),
    Fault.MOTION: ("motion", "The person moved: the value carries a doubt, or there is none."),
    Fault.CONTROL: ("control solution", "Control solution was measured instead of blood."),
    Fault.KETONE: ("ketone strip", "A ketone strip was measured, not blood sugar."),
    Fault.OBJECT: ("thing", "A thing was weighed in the scale's mode for things."),
    Fault.BUSY: ("busy", "The device refuses the next request."),
    Fault.STALE_BOND: ("stale bond", "The device has forgotten its bond until it is paired anew."),
}
"""What each fault is called on its button, and what it does."""


@dataclass(slots=True)
class Bench:
    """The running clinic, and the commands that were given from the panel, newest first."""

    demo: RunningDemo
    orders: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))
    unplugged: set[str] = field(default_factory=set)

    def command(self, order: Mapping[str, object], words: str) -> None:
        """Send a command to the devices and keep it in a list, or why it was refused."""
        try:
            self.demo.ward.command(order)
        except CommandFailed as error:
            words = f"{words}: {error}"
        self.orders.appendleft(f"{datetime.now().astimezone():%H:%M:%S} {words}")

    def store(self) -> Store:
        """Open the box's file."""
        return open_store(self.demo.settings.database, self.demo.settings.box_id)


def create_app(bench: Bench) -> Flask:
    """Build the panel over a running clinic."""
    app = Flask("workshop")
    protect(app, Protection(session_token=lambda: None, host_names=own_names()))
    devices = {device["name"]: device for device in bench.demo.ward.devices}

    def show() -> str:
        return render_template(
            "panel.html",
            devices=devices.values(),
            faults={fault.value: words for fault, words in FAULTS.items()},
            kiosk_url=bench.demo.kiosk_url,
            desk_url=bench.demo.desk_url,
            staff=STAFF,
            doctor=DOCTORS,
            unplugged=bench.unplugged,
            state=_state(bench),
        )

    def live() -> ResponseReturnValue:
        return polled(_state(bench))

    def measure(name: str) -> ResponseReturnValue:
        fault = request.form.get("fault") or None
        if name not in devices or (fault and fault not in devices[name]["faults"]):
            abort(404)
        how = f" ({FAULTS[Fault(fault)][0]})" if fault else ""
        bench.command({"measure": name, "fault": fault}, f"{name} measures{how}")
        return _back()

    def plug(name: str) -> ResponseReturnValue:
        if name not in devices:
            abort(404)
        verb = "plug" if name in bench.unplugged else "unplug"
        bench.unplugged ^= {name}
        bench.command({verb: name}, f"{name}: {verb}")
        return _back()

    def open_visit(patient_id: str) -> ResponseReturnValue:
        with closing(bench.store()) as store:
            worker = staff.members(store)[0].id
            visits.open_visit(store, store.clock().now(), patient_id, actor=worker)
        return _back()

    app.add_url_rule("/", "show", show)
    app.add_url_rule("/live", "live", live)
    app.add_url_rule("/devices/<name>/measure", "measure", measure, methods=["POST"])
    app.add_url_rule("/devices/<name>/plug", "plug", plug, methods=["POST"])
    app.add_url_rule("/patients/<patient_id>/visit", "visit", open_visit, methods=["POST"])
    return app


def _back() -> ResponseReturnValue:
    return redirect(url_for("show"), 303)


def _state(bench: Bench) -> str:
    """Render what changes by itself: processes, people, what the box has and what is wrong."""
    with closing(bench.store()) as store:
        open_one = visits.current(store, store.clock().now())
        people = _people(store)
        return render_template(
            "panel_state.html",
            processes=bench.demo.children,
            people=people,
            names={patient.id: patient.name for patient in people},
            kiosk_url=bench.demo.kiosk_url,
            open_for=open_one.patient_id if open_one else None,
            conditions=issues.current(store),
            refused=history.refused(store, after=0, limit=SHOWN),
            readings=_readings(store),
            orders=bench.orders,
        )


def _people(store: Store) -> list[Patient]:
    rows = store.rows("SELECT id FROM patient ORDER BY rowid DESC LIMIT ?", (PATIENTS_SHOWN,))
    return [register.get(store, row["id"]) for row in rows]


def _readings(store: Store) -> list[history.StoredReading]:
    rows = store.rows("SELECT entry FROM reading ORDER BY entry DESC LIMIT ?", (SHOWN,))
    return [reading for row in rows if (reading := history.one(store, row["entry"])) is not None]


@contextmanager
def served(bench: Bench, port: int) -> Iterator[str]:
    """Serve the panel inside the block and give its address; raises `OSError`."""
    server = make_server(HOST, port, create_app(bench), threaded=True)
    keeper = threading.Thread(target=server.serve_forever, name="panel")
    keeper.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        keeper.join()
        server.server_close()
