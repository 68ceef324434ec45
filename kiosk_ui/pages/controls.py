"""Quality control: what the devices measured of control material, which belongs to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from markupsafe import Markup

from edge.equipment import controls
from edge.equipment.controls import SHOWN, Control
from edge.model.clock import Stamp
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import Line, lines
from kiosk_ui.wording import own_words, since

page = Blueprint("controls", __name__)

_DIGITS = 18


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control in words."""

    model: Markup
    number: Markup
    lines: tuple[Line, ...]
    at: Markup


@page.get("/controls")
@staff_only
def show() -> str:
    """Show the controls that came last, or those before an entry, newest first."""
    asked = request.args.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else None
    store, now = context.store(), context.now()
    found = controls.newest(store, SHOWN + 1, before)
    return render_template(
        "controls.html",
        rows=[_row(control, now) for control in found[:SHOWN]],
        older=found[SHOWN - 1].entry if len(found) > SHOWN else None,
    )


def _row(control: Control, now: Stamp) -> ControlRow:
    return ControlRow(
        model=own_words(control.model or control.device_id),
        number=own_words(control.record or "–"),
        lines=lines(control.values, control.coded),
        at=since(datetime.fromtimestamp(control.wall_ms / 1000, UTC), now),
    )
