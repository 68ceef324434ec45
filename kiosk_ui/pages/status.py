"""The status page: what the hospital has confirmed, the issues of the box, its devices."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.equipment import controls, registry
from edge.equipment.registry import Device
from edge.model.clock import Stamp
from edge.model.entry import Lane
from edge.readings import history
from edge.store import issues, ledger, losses, outbox
from edge.store.ledger import LaneLedger
from edge.store.store import Store
from kiosk_ui import context, delivery
from kiosk_ui.pages.serial_ports import technician_only
from kiosk_ui.sentences import issue_texts as sentences_issues
from kiosk_ui.texts import gettext
from kiosk_ui.wording import N_, count, ltr, moment_text, since, t
from web.polling import polled

page = Blueprint("status", __name__)

_STATES = {
    "absent": N_("not here"),
    "listening": N_("waiting for it to be switched on"),
    "connected": N_("ready"),
    "measuring": N_("measuring now"),
}

LOW_BATTERY_PERCENT = 20
_CHAIN_DIGITS = 8
"""Enough of a chain to compare over the telephone."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in words."""

    model: str
    state: Markup
    tone: str
    battery: Markup | None
    battery_low: bool
    last: Markup


_LANES = {
    Lane.ALERT: N_("Alerts"),
    Lane.CLINICAL: N_("Records"),
    Lane.FILES: N_("Files"),
}


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One lane of the ledger in words."""

    name: Markup
    tone: str
    held: Markup
    confirmed: Markup
    safe: Markup
    waiting: Markup
    chain: Markup


@page.get("/status")
def show() -> str:
    """Show the technician's view."""
    unknown = losses.unknown(context.store())
    return render_template("status.html", body=Markup(_body()), unknown=unknown)


@page.post("/status/acknowledge")
@technician_only
def acknowledge() -> ResponseReturnValue:
    """Store that the technician knows what is damaged or missing."""
    losses.acknowledge(context.store(), context.now(), context.worker().staff.id)
    return redirect(url_for(".show"), 303)


@page.get("/status/live")
def live() -> Response:
    """Answer the page's poll."""
    return polled(_body())


@page.get("/strip")
def strip() -> Response:
    """Answer the poll of the strip that stands on every page."""
    return polled(str(strip_fragment()))


def strip_fragment() -> Markup:
    """Render the status strip."""
    strip = delivery.strip(context.store(), context.now())
    return Markup(render_template("strip.html", told=strip))


def device_row(device: Device, now: Stamp) -> DeviceRow:
    """Word a device."""
    last = t(N_("no reading yet"))
    if device.reading_ms is not None:
        last = since(datetime.fromtimestamp(device.reading_ms / 1000, UTC), now)
    battery = device.battery
    return DeviceRow(
        model=device.model,
        state=t(_STATES.get(device.state, _STATES["absent"])),
        tone="on" if device.state in ("connected", "measuring") else "off",
        battery=None if battery is None else ltr(f"{battery} %"),
        battery_low=battery is not None and battery <= LOW_BATTERY_PERCENT,
        last=last,
    )


def lane_row(lane: LaneLedger) -> LaneRow:
    """Word one lane of the ledger."""
    span = ltr(f"{lane.first:,}…{lane.last:,}") if lane.last >= lane.first else ltr("–")
    return LaneRow(
        name=t(_LANES[lane.lane]),
        tone="on" if lane.complete else "off",
        held=span,
        confirmed=count(lane.confirmed),
        safe=count(lane.safe),
        waiting=count(lane.waiting),
        chain=ltr(lane.chain[:_CHAIN_DIGITS]),
    )


def _disk_left(store: Store) -> Markup | None:
    free = shutil.disk_usage(context.settings().home).free
    hours = ledger.hours_left(ledger.samples(store), free)
    if hours is None:
        return None
    return t(N_("At this pace the disk lasts %(days)s more days."), days=count(hours // 24))


def _body() -> str:
    store, now = context.store(), context.now()
    totals = outbox.ledger(store)
    oldest = totals.oldest_waiting_wall_ms
    return render_template(
        "status_body.html",
        told=delivery.strip(store, now),
        ledger=totals,
        lanes=[lane_row(lane) for lane in ledger.lanes(store)],
        disk_left=_disk_left(store),
        usual=delivery.usual(store),
        oldest=None if oldest is None else since(datetime.fromtimestamp(oldest / 1000, UTC), now),
        wrong=[sentences_issues.issue_sentence(c) for c in issues.current(store)],
        devices=[device_row(d, now) for d in registry.devices(store)],
        controls=controls.count(store),
        now_text=moment_text(now.wall),
        clock_sure=now.quality in ("ntp", "hospital"),
    )


@page.app_context_processor
def _helpers() -> dict[str, Callable[..., object]]:
    return {"strip_fragment": strip_fragment, "tray_badge": _tray_badge, "countdown": _countdown}


def _tray_badge() -> Markup:
    return count(history.tray_count(context.store()))


def _countdown(seconds: int) -> Markup:
    text = f"{seconds // 60}:{seconds % 60:02d}"
    label = gettext("time left")
    piece = Markup('<bdi dir="ltr" role="timer" aria-label="{}" data-countdown="{}">{}</bdi>')
    return piece.format(f"{label} {text}", seconds, text)
