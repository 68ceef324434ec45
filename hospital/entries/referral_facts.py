"""Types of the entries of care that the hospital applies: msgspec checks a body by them."""

from __future__ import annotations

from edge.model.clock import Stamp
from hospital.entries.facts import Fact
from hospital.entries.fields import Day, LongText, Text, Uuid


class ReferralFact(Fact, frozen=True):
    """A referral was made (`made`, with all its keys), or something became known of it."""

    referral: Uuid
    patient: Text
    day: Day
    state: Text
    at: Stamp
    actor: Text | None
    visit: Text | None = None
    reason: Text = ""
    urgency: Text = "routine"
    to: Text = ""
    telephone: Text = ""
    transport: Text = "unknown"
    summary: LongText = "{}"
    outcome: Text | None = None
    why: Text = ""


class NotificationFact(Fact, frozen=True):
    """A notifiable disease at a clinic, or the report that a week had no case."""

    id: Uuid
    disease: Text
    day: Day
    state: Text
    at: Stamp
    actor: Text | None
    patient: Text | None = None
    visit: Text | None = None
    week: Text = ""
    onset: Day | None = None
    why: Text = ""
