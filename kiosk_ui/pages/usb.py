"""USB sticks for the technician: the bundles on each, and one tap to write or to read."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.bundles import requests, sent
from edge.bundles.requests import BundleOnStick, BundleRequest, State, Stick, What
from edge.model.entry import Lane
from edge.model.errors import ActionRefused
from edge.store import issues, outbox
from edge.store.store import Store
from kiosk_ui import context
from kiosk_ui.pages.serial_ports import technician_only
from kiosk_ui.wording import N_, count, ltr, own_words, quantity, since, t
from web.polling import polled

page = Blueprint("usb", __name__)

GB, MB, KB = 1_000_000_000, 1_000_000, 1_000

_LANES = {
    Lane.ALERT.value: N_("Alerts %(span)s"),
    Lane.CLINICAL.value: N_("Records %(span)s"),
}

_WHY = {
    "full": N_("The stick is full. Take another, or bring this one to the hospital first."),
    "gone": N_("The stick was pulled out or cannot be written."),
    "missing": N_("There is no answer of the hospital on this stick."),
    "foreign-box": N_("The answer on this stick is for another box."),
    "foreign-hospital": N_("The answer on this stick comes from another hospital."),
    "unknown": N_("This answer belongs to a stick that this box does not remember."),
    "differs": N_(
        "The hospital does not hold the same records as this box. Write the stick again and bring"
        " it: all of them are sent again."
    ),
    "refused": N_("The hospital refuses this box. Call the hospital."),
    "renumbered": N_("The records were numbered anew meanwhile. Write the stick again."),
    "damaged": N_("The answer on this stick is damaged. Ask the hospital to write it again."),
    "disk-full": N_("The disk of this box is full."),
    "disk-fault": N_("The memory card of this box answers with errors. Call the technician."),
    "interrupted": N_("It was interrupted. Do it again."),
}
_FAULT = N_("It failed. Call the hospital.")


@dataclass(frozen=True, slots=True)
class BundleText:
    """One bundle on a stick in words; `tone` is "good" when it is needed no more."""

    title: Markup
    carries: list[Markup]
    state: Markup
    tone: str


@dataclass(frozen=True, slots=True)
class StickText:
    """One stick in words."""

    folder: str
    name: Markup
    free: Markup
    lying: list[BundleText]
    has_answer: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the last request, in words; `busy` while it is under way."""

    words: list[Markup]
    tone: str
    busy: bool


@page.get("/usb")
@technician_only
def show() -> str:
    """Show the sticks."""
    return render_template("usb.html", body=Markup(_body()))


@page.get("/usb/live")
@technician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled(_body())


@page.post("/usb/<what>")
@technician_only
def ask(what: str) -> ResponseReturnValue:
    """Ask the courier to write or to read a stick."""
    if what not in set(What):
        abort(404)
    actor, folder = context.worker().staff.id, request.form.get("folder", "")
    with suppress(ActionRefused):  # pulled out, or busy: the page shows that
        requests.ask(context.store(), context.now(), What(what), folder, actor=actor)
    return redirect(url_for(".show"), 303)


def _body() -> str:
    store = context.store()
    ledger, asked = outbox.ledger(store), requests.latest(store)
    written, answered = sent.last_written(store), sent.last_answered_ms(store)
    return render_template(
        "usb_body.html",
        enrolled=not issues.is_noted(store, "not-enrolled"),
        sticks=[_stick_text(store, stick) for stick in requests.plugged(store)],
        waiting=ledger.waiting,
        hospital=own_words(context.settings().broker_host or ""),
        outcome=None if asked is None else _outcome(asked),
        written=None if written is None else (count(written.records), _when(written.written_ms)),
        answered=None if answered is None else _when(answered),
    )


def _stick_text(store: Store, stick: Stick) -> StickText:
    has_answer = any(h.way == "down" and h.ours for h in stick.bundles)
    first = sorted(stick.bundles, key=lambda h: (h.ours, h.made_ms), reverse=True)
    free, lying = _size(stick.free), [_bundle_text(store, bundle) for bundle in first]
    return StickText(stick.folder, own_words(stick.name), free, lying, has_answer)


def _bundle_text(store: Store, bundle: BundleOnStick) -> BundleText:
    state, tone = _state(store, bundle)
    return BundleText(_title(bundle), _carries(bundle), state, tone)


def _title(bundle: BundleOnStick) -> Markup:
    at = _when(bundle.made_ms)
    if bundle.way == "up" and bundle.ours:
        return t(N_("From this box, written %(time)s"), time=at)
    if bundle.way == "up":
        return t(N_("From another box: %(box)s, written %(time)s"), box=_box(bundle), time=at)
    if bundle.ours:
        return t(N_("The hospital's answer, written %(time)s"), time=at)
    text = N_("An answer for another box: %(box)s, written %(time)s")
    return t(text, box=_box(bundle), time=at)


def _carries(bundle: BundleOnStick) -> list[Markup]:
    spans = [
        t(_LANES[lane], span=ltr(f"{first:,}…{last:,}"))
        for lane, (first, last) in sorted(bundle.lanes.items())
        if lane in _LANES
    ]
    if bundle.files:
        spans.append(t(N_("Files: %(n)s"), n=count(bundle.files)))
    return [*spans, _size(bundle.size)]


def _state(store: Store, bundle: BundleOnStick) -> tuple[Markup, str]:
    if not bundle.hospital_ours:
        return t(N_("This is for another hospital.")), "doubt"
    if not bundle.whole:
        return t(N_("It is cut off. What is whole can still be read.")), "doubt"
    carried = sent.get(store, bytes.fromhex(bundle.nonce)) if bundle.ours else None
    if carried is None:
        return t(N_("Leave it on the stick.")), ""
    if bundle.way == "up":
        if sent.is_confirmed(store, carried):
            return t(N_("Confirmed by the hospital.")), "good"
        return t(N_("Not confirmed yet: bring it to the hospital.")), "safe"
    if carried.answered_ms is None:
        return t(N_("Not read here yet.")), "safe"
    return t(
        N_(
            "Read here %(time)s.",
        ),
        time=_when(carried.answered_ms),
    ), "good"


def _outcome(asked: BundleRequest) -> Outcome:
    if asked.state in (State.ASKED, State.UNDER_WAY):
        text = N_("Writing. Leave the stick in.")
        if asked.what is What.READ:
            text = N_("Reading. Leave the stick in.")
        return Outcome([t(text)], "", busy=True)
    if asked.state is State.FAILED:
        return Outcome([t(_WHY.get(str(asked.result.get("why")), _FAULT))], "doubt", busy=False)
    words = _written(asked.result) if asked.what is What.WRITE else _read(asked.result)
    return Outcome(words, "good", busy=False)


def _written(result: Mapping[str, object]) -> list[Markup]:
    records, files = _number(result, "records"), _number(result, "files")
    text = N_("Written. Records: %(records)s. Files: %(files)s. You can take the stick out.")
    words = [t(text, records=records, files=files)]
    words.append(t(N_("They count as waiting until the hospital's answer has been read here.")))
    if result.get("left"):
        text = N_(
            "%(n)s records or files found no room."
            " Take a larger stick, or bring them after the next answer."
        )
        words.append(t(text, n=_number(result, "left")))
    return words


def _read(result: Mapping[str, object]) -> list[Markup]:
    if result.get("anew"):
        return [t(N_("The hospital asks for everything again. Write the stick once more."))]
    text = N_("Read: the hospital has confirmed %(n)s more records.")
    words = [t(text, n=_number(result, "confirmed"))]
    if result.get("news"):
        words.append(t(N_("The hospital has sent news for this clinic.")))
    if not result.get("whole"):
        words.append(t(N_("A part of the answer was damaged. What is whole was taken.")))
    return words


def _number(result: Mapping[str, object], name: str) -> Markup:
    value = result.get(name)
    return count(value if isinstance(value, int) else 0)


def _box(bundle: BundleOnStick) -> Markup:
    return ltr(bundle.box)


def _size(size: int) -> Markup:
    if size < MB:
        return quantity(f"{max(1, size // KB):,}", "kB")
    if size < GB:
        return quantity(f"{size / MB:,.1f}", "MB")
    return quantity(f"{size / GB:,.1f}", "GB")


def _when(ms: int) -> Markup:
    return since(datetime.fromtimestamp(ms / 1000, UTC), context.now())
