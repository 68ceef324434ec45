"""`healthpost demo`: watch the running demo, or wait until all of it is confirmed."""

from __future__ import annotations

import math
import signal
import time
from contextlib import closing
from threading import Event

import click

from edge.process.supervise import Stop
from edge.readings import history
from edge.store.losses import open_store
from edge.store.store import Store
from provisioning.demo import (
    DOCTOR,
    KNOWN_PORTS,
    PASSWORD,
    PIN,
    WORKER,
    RunningDemo,
    command,
    running,
)
from provisioning.errors import CommandFailed


def run_demo() -> None:
    """Run until Ctrl-C or SIGTERM, devices measuring now and then."""
    stop = _stop_on_signals()
    with running(every_s=20, ports=KNOWN_PORTS) as demo:
        click.echo(f"\n  Clinic kiosk   {demo.kiosk_url}   {WORKER}, PIN {PIN}")
        click.echo(f"  Hospital desk  {demo.desk_url}   {DOCTOR}, password {PASSWORD}\n")
        click.echo("  Simulated devices measure by themselves. Ctrl-C ends the demo.")
        while not stop.wait(1):
            pass


def run_once(within_s: float) -> dict[str, object]:
    """Run until every device's reading is confirmed; raises `CommandFailed` after `within_s`."""
    began = time.monotonic()
    stop = _stop_on_signals()
    with (
        running(every_s=0) as demo,
        closing(open_store(demo.settings.database, demo.settings.box_id)) as store,
    ):
        watch = _Watch(demo, store, began)
        while not watch.complete():
            if stop.wait(0.25):
                raise CommandFailed("stopped", "the demo was stopped")
            if time.monotonic() - began > within_s:
                raise CommandFailed(
                    "timeout", f"not confirmed in time: {', '.join(watch.missing())}"
                )
        return watch.report()


class _Watch:
    """Counts what is captured and confirmed, and asks devices that gave nothing yet again."""

    AGAIN_S = 12

    def __init__(self, demo: RunningDemo, store: Store, began: float) -> None:
        self._demo, self._store, self._began = demo, store, began
        self._wanted = {(d["model"], d["link"]) for d in demo.ward.devices}
        self._asked_at = -math.inf
        self.first_reading_s: float | None = None
        self.last_confirmed_s = 0.0

    def complete(self) -> bool:
        """Whether every device has a reading and every reading is confirmed."""
        counts = self._counts()
        if counts and self.first_reading_s is None:
            self.first_reading_s = self._elapsed()
        if not self.missing():
            self.last_confirmed_s = self._elapsed()
            return all(c.confirmed == c.readings for c in counts)
        self._ask_again()
        return False

    def missing(self) -> list[str]:
        """The models of which no reading is confirmed yet."""
        done = {(c.model, c.link) for c in self._counts() if c.confirmed}
        return sorted(model for model, _ in self._wanted - done)

    def report(self) -> dict[str, object]:
        """The one JSON object of `--once --json`."""
        counts = self._counts()
        captured = sum(c.readings for c in counts)
        confirmed = sum(c.confirmed for c in counts)
        hospital = command(self._demo.hospital, "hospital", "status")
        return {
            "devices": [{"model": c.model, "link": c.link, "readings": c.readings} for c in counts],
            "captured": captured,
            "confirmed": confirmed,
            "unconfirmed": captured - confirmed,
            "archive": hospital["archive"],
            "first_reading_s": round(self.first_reading_s or 0.0, 1),
            "last_confirmed_s": round(self.last_confirmed_s, 1),
            "broker": hospital["broker"],
        }

    def _ask_again(self) -> None:
        if time.monotonic() - self._asked_at < self.AGAIN_S:
            return
        self._asked_at = time.monotonic()
        captured = {(c.model, c.link) for c in self._counts()}
        for device in self._demo.ward.devices:
            if (device["model"], device["link"]) not in captured:
                self._demo.ward.measure(device["name"])

    def _counts(self) -> list[history.ModelCount]:
        return history.count_by_model(self._store)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _stop_on_signals() -> Event:
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
