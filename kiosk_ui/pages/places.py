"""The clinic's places: every list and page of the staff that is about no single patient."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_

page = Blueprint("places", __name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the staff open by themselves: its endpoint, name, picture and what it is for."""

    endpoint: str
    name: str
    icon: str
    says: str


PLACES: tuple[Place, ...] = (
    Place(
        "due.show",
        N_("Who should come"),
        "own_calendar",
        N_("Today, this week, overdue, lost; whom to call."),
    ),
    Place(
        "fridge.show",
        N_("Vaccine refrigerator"),
        "thermometer_digital",
        N_("The temperature, twice a day."),
    ),
    Place(
        "referrals.show",
        N_("Open referrals"),
        "own_letter",
        N_("Who was sent to another place, and what became of it."),
    ),
    Place(
        "day_register.show",
        N_("Register of the day"),
        "medical_records",
        N_("Who came on a day, and what was measured."),
    ),
    Place(
        "report.show",
        N_("Report of the month"),
        "own_calendar",
        N_("The numbers of a month, to print, to close and to pass on."),
    ),
    Place(
        "notifications.show",
        N_("Notifiable diseases"),
        "alert_triangle",
        N_("Reports of this week, and the word that there was no case."),
    ),
    Place("stock.show", N_("Stock"), "own_tray", N_("What is there, what is low, what expires.")),
    Place(
        "controls.show",
        N_("Quality control"),
        "medical_records",
        N_("What devices measured of control material."),
    ),
    Place(
        "rules.show",
        N_("Clinical rules"),
        "medical_records",
        N_("How this box judges values: tables, sources, who signed them."),
    ),
)
"""In the order of the page."""


@page.get("/clinic")
@staff_only
def show() -> str:
    """Show the places."""
    return render_template("places.html", places=PLACES)
