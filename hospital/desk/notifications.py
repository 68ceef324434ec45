"""Notifiable diseases that clinics report, the last day first, and the counts of a week."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from edge.notifications import diseases
from edge.notifications.weeks import Week
from hospital.desk import context, guard, list_parts, wording
from hospital.patients import notifications

page = Blueprint("notifications", __name__, url_prefix="/notifications")


@page.app_template_global()
def notifiable(word: str) -> str:
    """Return what a disease of the packaged list is called; one of a site's own as it is."""
    row = diseases.packaged().diseases.get(word)
    return word if row is None else row.label


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the counts of a week by clinic, and the reports of all clinics."""
    archive = context.archive()
    reports, part = list_parts.page_of(
        notifications.PAGE,
        lambda limit, skip: notifications.latest(archive, limit, skip),
        "notifications.show",
    )
    this = Week.of(wording.today())
    week = Week.parse(request.args.get("week", "")) or this.before()
    return render_template(
        "notifications.html",
        reports=reports,
        part=part,
        week=week,
        this=this,
        counts=sorted(notifications.counts(archive, week).items()),
    )
