"""What each number of a report is called, in English; the kiosk translates these texts."""

from __future__ import annotations

import re
from typing import Final

from edge.reports.core.indicators import AGE_GROUPS

SECTIONS: Final = {
    "visits": "Visits",
    "hearts360": "Hypertension (HEARTS)",
    "programmes": "Programmes",
    "antenatal": "Antenatal care",
    "anaemia": "Anaemia",
    "malnutrition": "Malnutrition of small children",
    "immunisation": "Immunisation",
    "self_measurement": "Measured by patients themselves",
    "equipment": "Equipment",
    "referrals": "Referrals",
    "notifications": "Notifiable diseases",
    "stock": "Stock",
}
"""The parts of a report, in the order in which they are shown."""

LABELS: Final = {
    "visits.all": "All visits",
    "visits.people": "People seen",
    "visits.alone": "Visits of patients who measured alone",
    "visits.paper": "Visits typed in from paper",
    "visits.registered_patients": "Patients registered",
    "hearts360.registered": "Registered, not dead",
    "hearts360.registered_this_month": "Registered in the month",
    "hearts360.dead": "Dead, in all",
    "hearts360.transferred": "Went to another clinic in the month",
    "hearts360.under_care": "Under care: seen within a year",
    "hearts360.lost_to_follow_up": "Lost to follow-up: not seen for a year",
    "hearts360.newly_registered": "Registered within three months",
    "hearts360.controlled": "Blood pressure controlled",
    "hearts360.uncontrolled": "Blood pressure not controlled",
    "hearts360.no_visit": "No visit within three months",
    "hearts360.overdue_on_first": "Overdue on the first of the month",
    "hearts360.called": "Called in the month",
    "hearts360.returned": "Called, and came within fifteen days",
    "hearts360.called_agreed": "First call: agreed to come",
    "hearts360.called_remind": "First call: call again later",
    "hearts360.called_not-reached": "First call: not reached",
    "hearts360.called_wrong-number": "First call: wrong number",
    "hearts360.called_moved": "First call: moved away",
    "hearts360.called_refused": "First call: refused to come",
    "hearts360.called_other": "First call: another reason",
    "antenatal.contacts": "Contacts",
    "antenatal.first_contacts": "First contacts",
    "antenatal.first_before_12_weeks": "First contacts before twelve weeks",
    "antenatal.first_gestation_unknown": "First contacts, gestation not known",
    "antenatal.fourth_contacts": "Fourth contacts",
    "antenatal.eighth_contacts": "Eighth contacts",
    "anaemia.people": "People whose haemoglobin was judged",
    "anaemia.none": "No anaemia",
    "anaemia.mild": "Mild anaemia",
    "anaemia.moderate": "Moderate anaemia",
    "anaemia.severe": "Severe anaemia",
    "malnutrition.people": "Children who were judged",
    "malnutrition.none": "Not malnourished",
    "malnutrition.mam": "Moderate malnutrition",
    "malnutrition.sam": "Severe malnutrition",
    "self_measurement.visits": "Visits",
    "self_measurement.people": "People who measured",
    "self_measurement.readings": "Values",
    "equipment.working": "Devices that gave values",
    "equipment.silent": "Devices that fell silent",
    "equipment.readings": "Values from devices",
    "referrals.open": "Open when the month ended",
    "referrals.made": "Made",
    "referrals.arrived": "Arrived",
    "referrals.not-arrived": "Did not arrive",
    "referrals.closed": "Closed",
    "referrals.cancelled": "Cancelled",
    "notifications.weeks": "Weeks that begin in the month",
    "notifications.weeks_reported": "Weeks with a report",
    "stock.items_out": "Items that ran out",
}
"""Numbers whose name is always the same."""

GROUPS: Final = {
    "visits.by_sex": "By sex",
    "visits.by_age": "By age",
    "visits.by_outcome": "By outcome",
    "immunisation.here": "Doses given here",
    "immunisation.elsewhere": "Doses given elsewhere",
    "referrals.made_by_urgency": "Made, by urgency",
    "notifications.by_disease": "In the month",
    "notifications.by_week": "By week",
    "stock.days_out": "Days without",
}
"""Numbers by words: the words that follow are those of a table, or the site's own."""

TEXTS: Final = (*SECTIONS.values(), *LABELS.values(), *GROUPS.values())


_SEXES: Final = "female|male|other|unknown"
_AGES: Final = "|".join((*(name for _, name in AGE_GROUPS), "unknown"))
_BY_WORDS: Final = re.compile(
    rf"visits\.by_sex\.({_SEXES})|visits\.by_age\.({_AGES})|visits\.by_outcome\.[^.]+"
    r"|programmes\.[^.]+\.(active|[a-z-]+_this_month)"
    r"|immunisation\.(here|elsewhere)\.[^.]+-\d+|referrals\.made_by_urgency\.[^.]+"
    r"|notifications\.by_disease\.[^.]+\.(suspected|confirmed|ruled-out)|stock\.days_out\..+"
)
"""Numbers that a report has only where they occur; their words are those of a table or a site."""


def is_number_of_month(name: str) -> bool:
    """Whether some month's report has a number of this full name; weeks belong to no month."""
    return name in LABELS or _BY_WORDS.fullmatch(name) is not None


def label(name: str) -> tuple[str, str]:
    """Return a number's label and the words after it, such as ("By sex", "female").

    The label is "" where the words alone say it.
    """
    if name in LABELS:
        return LABELS[name], ""
    for group, text in GROUPS.items():
        if name.startswith(f"{group}."):
            return text, name.removeprefix(f"{group}.")
    return "", name.partition(".")[2]
