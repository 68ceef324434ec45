"""A worker sets the date and time: a machine without a trusted clock needs it once a boot."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.clock import BUILD_MS, Anchor, ClockQuality
from edge.store import clock_anchors
from kiosk_ui import context, typed_numbers
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_, t

page = Blueprint("clock", __name__)

ERROR_MS = 120_000
"""Half-width of a time that somebody read from a watch, to the minute."""

_FORM = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{2})")


@page.get("/clock")
@staff_only
def show() -> str:
    """Show what the box believes, ready to be confirmed or corrected."""
    believed = context.now().wall.astimezone()
    return _form(f"{believed:%Y-%m-%d}", f"{believed:%H:%M}", None)


@page.post("/clock")
@staff_only
def keep() -> ResponseReturnValue:
    """Keep the time as an anchor of this boot; what was stamped earlier is placed by it too."""
    date, time = request.form.get("date", "")[:40], request.form.get("time", "")[:40]
    moment = _read(f"{date.strip()} {time.strip()}")
    if moment is None:
        return _form(date, time, t(N_("Enter date and time like the example."))), 422
    utc_ms = int(moment.timestamp() * 1000)
    if utc_ms < BUILD_MS:
        return _form(date, time, t(N_("This date is long past. Check it."))), 422
    now = context.now()
    anchor = Anchor(now.boot, now.t_ms, utc_ms, ERROR_MS, ClockQuality.MANUAL)
    clock_anchors.remember(context.store(), now, anchor, context.worker().staff.id)
    context.forget_clock()
    return redirect(url_for("status.show"), 303)


def _read(text: str) -> datetime | None:
    match = _FORM.fullmatch(typed_numbers.digits(text))
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) for part in match.groups())
    try:
        # The box's own zone: naive local time becomes aware by astimezone().
        return datetime(year, month, day, hour, minute).astimezone(UTC)  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None


def _form(date: str, time: str, wrong: Markup | None) -> str:
    return render_template("clock.html", date=date, time=time, wrong=wrong)
