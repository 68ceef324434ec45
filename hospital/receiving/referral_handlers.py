"""What the hospital does with entries of referrals and of notifiable diseases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edge.model.entry import EntryKind
from hospital.archive import Archive
from hospital.entries.referral_facts import NotificationFact, ReferralFact
from hospital.patients import notifications, referrals
from hospital.receiving.handler import Handler, Origin, Section, each, edit_origin


def _referral(archive: Archive, origin: Origin, fact: ReferralFact) -> None:
    referrals.enter(archive, edit_origin(origin), fact)


def _notification(archive: Archive, origin: Origin, fact: NotificationFact) -> None:
    notifications.enter(archive, edit_origin(origin), fact)


REFERRAL_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.REFERRAL: Handler(
        ReferralFact.read, each(_referral), Section("patient_referrals.html", referrals.of_person)
    ),
    EntryKind.NOTIFICATION: Handler(
        NotificationFact.read,
        each(_notification),
        Section("patient_notifications.html", notifications.of_person),
    ),
}
