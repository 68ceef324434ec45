"""Form fields that a clinician types: read, limited in length, refused with a sentence."""

from __future__ import annotations

from datetime import datetime

from flask import request

from hospital.archive.errors import HospitalError


def typed(name: str, longest: int = 2_000) -> str:
    """Return a field of the form as it was typed, without what no database can hold."""
    return request.form.get(name, "").replace("\x00", "").strip()[:longest]


def moment(name: str) -> datetime:
    """Return a date and time of day (the hospital's local time); raises `HospitalError`."""
    try:
        return datetime.strptime(typed(name, 30)[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - local
    except ValueError as error:
        raise HospitalError("Please give the day and the time.") from error
