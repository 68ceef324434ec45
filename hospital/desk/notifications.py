"""Notifiable diseases that clinics report, the last day first."""

from __future__ import annotations

from flask import Blueprint, render_template

from hospital.desk import context, guard, list_parts
from hospital.patients import notifications

page = Blueprint("notifications", __name__, url_prefix="/notifications")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the reports of all clinics."""
    archive = context.archive()
    reports, part = list_parts.page_of(
        notifications.PAGE,
        lambda limit, skip: notifications.latest(archive, limit, skip),
        "notifications.show",
    )
    return render_template("notifications.html", reports=reports, part=part)
