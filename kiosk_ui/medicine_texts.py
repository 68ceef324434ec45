"""A medicine of a visit in words: what was given, why it is stopped, why no dose can be told."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from edge.medicines.given import RecordedMedicine
from edge.medicines.site_list import Medicines
from edge.medicines.stops import Stop, StopKind
from kiosk_ui.texts import gettext
from kiosk_ui.wording import N_, ltr, own_words, plain, quantity, t

STATES = {
    "given": N_("Given: %(what)s"),
    "advised": N_("Advised: %(what)s"),
    "stopped": N_("Stopped: %(what)s"),
}
_STOPS = {
    StopKind.ALLERGY: N_("The patient is allergic: %(what)s"),
    StopKind.AGE: N_("This medicine is not for somebody of this age."),
    StopKind.TAKEN: N_("The patient takes this already: %(what)s"),
}
_PREGNANT = N_("The patient is pregnant (%(weeks)s weeks): not in this part of a pregnancy.")
_PREGNANT_UNSURE = N_("The patient is pregnant, the weeks are not known: not in every pregnancy.")
_NO_DOSE = {
    "weight": N_("No dose: the weight of this visit is not known. Weigh the patient first."),
    "age": N_("No dose: the age is not known."),
    "none": N_("The list has no dose. Write the dose that the clinician says."),
    "outside": N_("The list has no dose for this weight and age. Ask the doctor."),
}


@dataclass(frozen=True, slots=True)
class MedicineLine:
    """One medicine: what was done, and why a stop was overruled."""

    entry: int
    text: Markup
    overruled: Markup | None
    taken_back: bool


def line(recorded: RecordedMedicine, listed: Medicines) -> MedicineLine:
    """Word a medicine of a visit."""
    given = recorded.given
    row = listed.get(given.medicine)
    parts = [own_words(given.medicine) if row is None else listed_text(row.label)]
    if given.dose is not None:
        parts.append(dose_text(plain(given.dose), given.unit))
    if given.quantity is not None:
        parts.append(t(N_("%(n)s handed out"), n=ltr(plain(given.quantity))))
    if given.batch:
        parts.append(t(N_("batch %(number)s"), number=ltr(given.batch)))
    text = t(STATES[given.state], what=Markup(" · ").join(parts))
    overruled = own_words(given.overruled) if given.overruled else None
    return MedicineLine(recorded.entry, text, overruled, recorded.taken_back)


def listed_text(text: str) -> Markup:
    """Return a text of the site's list: translated when it is the product's, else as written."""
    return own_words(gettext(text))


def dose_text(amount: str, unit: str) -> Markup:
    """Return a dose; pieces are counted in the reader's words."""
    if unit == "{tablet}":
        return t(N_("%(n)s tablets"), n=ltr(amount))
    return quantity(amount, unit)


def stop(found: Stop) -> Markup:
    """Return what speaks against a medicine in words."""
    if found.kind is StopKind.PREGNANCY:
        text = _PREGNANT if found.what else _PREGNANT_UNSURE
        return t(text, weeks=ltr(found.what)) if found.what else t(text)
    return t(_STOPS[found.kind], what=listed_text(found.what))


def no_dose(why: str) -> Markup:
    """Return why no dose can be told."""
    return t(_NO_DOSE[why])
