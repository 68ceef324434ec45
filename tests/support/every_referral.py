"""Entries of a referral and of a notifiable disease with every key, as the product writes them."""

from __future__ import annotations

from hand_clock import HandClock

from edge.model.patient import Patient
from edge.notifications import notifications
from edge.notifications.notifications import NewCase
from edge.notifications.weeks import Week
from edge.referrals import gather, referrals
from edge.referrals.referral import NewReferral, Outcome, State, Transport, Urgency
from edge.referrals.referrals import Change
from edge.store.store import Store
from edge.visits import visits


def write(store: Store, hand: HandClock, sita: Patient, who: str) -> None:
    """Write all of them about a patient."""
    visit = visits.open_visit(store, hand.now(), sita.id, actor=who)
    new = NewReferral(
        *(sita.id, visit.id, "Chest pain", Urgency.URGENT, "District hospital", "0232-1"),
        Transport.AMBULANCE,
    )
    letter = gather.letter(store, hand.now(), sita.id, visit.id, ("Thar", "0301", "Amina"))
    made = referrals.make(store, hand.now(), new, letter.body(), who)
    closed = Change(State.CLOSED, Outcome.TREATED, "home again")
    for change in (Change(State.NOT_ARRIVED, "", "no car"), closed):
        hand.advance(60)
        referrals.note(store, hand.now(), made, change, who)
    sick = NewCase(sita.id, visit.id, "measles", "2026-11-20", why="rash")
    case = notifications.report(store, hand.now(), sick, who)
    notifications.change(store, hand.now(), case, "confirmed", who)
    last_week = Week.of(hand.now().wall.date()).before()
    notifications.report_none(store, hand.now(), last_week, who)
