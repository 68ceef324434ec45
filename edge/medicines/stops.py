"""What speaks against a medicine: an allergy, a pregnancy, an age, a medicine taken already.

Pure. A stop can be overruled by a worker with a reason, which is kept with the medicine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.medicines.site_list import Medicine, Medicines

TRIMESTER_WEEKS = (14, 28)
"""From these completed weeks on the second and the third trimester are counted (ACOG, 2017)."""


LATELY_DAYS, NOW_DAYS = 30, 3


class StopKind(StrEnum):
    """Why a medicine is stopped."""

    ALLERGY = "allergy"
    PREGNANCY = "pregnancy"
    AGE = "age"
    TAKEN = "taken"
    """The same medicine, or one of its classes, is taken already."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One reason; `what` is the allergy, the medicine or the weeks that speak against it."""

    kind: StopKind
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacts:
    """What is known of the patient: texts of the summary, age in days, pregnancy, this visit's."""

    allergies: tuple[str, ...] = ()
    medicines: str = ""
    given: tuple[str, ...] = ()
    """Words of the site's list given in the last `LATELY_DAYS` and not taken back."""
    given_now: tuple[str, ...] = ()
    """Those of them given in the last `NOW_DAYS`: the same medicine again may be a mistake."""
    age_days: int | None = None
    pregnant: bool | None = None
    gestation_weeks: int | None = None


def against(medicine: Medicine, known: KnownFacts, listed: Medicines) -> list[Stop]:
    """Return all that speaks against giving a medicine, the most dangerous first."""
    stops = [
        Stop(StopKind.ALLERGY, text)
        for text in known.allergies
        if _names(text, (medicine.label, medicine.word, *medicine.classes))
        or _names_listed(text, medicine, listed)
    ]
    if _stopped_by_pregnancy(medicine, known):
        stops.append(Stop(StopKind.PREGNANCY, str(known.gestation_weeks or "")))
    if known.age_days is not None and not _is_of_age(medicine, known.age_days):
        stops.append(Stop(StopKind.AGE))
    return [*stops, *_taken(medicine, known, listed)]


def _names(text: str, words: Iterable[str]) -> bool:
    """Whether a text has one of the words, whole; plurals and "-s" are as the word."""
    plain = text.casefold()
    return any(_holds(plain, word.casefold()) for word in words)


def _holds(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text  # Chinese puts no space between words
    return re.search(rf"\b{re.escape(word)}s?\b", text) is not None


def _names_listed(text: str, medicine: Medicine, listed: Medicines) -> bool:
    """Whether a text names another medicine of the list that shares a class with this one."""
    shared = [m for m in listed.values() if set(m.classes) & set(medicine.classes)]
    return any(_names(text, (m.label, m.word)) for m in shared)


def _stopped_by_pregnancy(medicine: Medicine, known: KnownFacts) -> bool:
    if not known.pregnant or not medicine.not_pregnant:
        return False
    if known.gestation_weeks is None:
        return True  # which trimester it is is not known: the more careful holds
    second, third = TRIMESTER_WEEKS
    trimester = 1 + (known.gestation_weeks >= second) + (known.gestation_weeks >= third)
    return trimester in medicine.not_pregnant


def _is_of_age(medicine: Medicine, age_days: int) -> bool:
    at_least, below = medicine.from_days, medicine.below_days
    return (at_least is None or age_days >= at_least) and (below is None or age_days < below)


def _taken(medicine: Medicine, known: KnownFacts, listed: Medicines) -> list[Stop]:
    """Return the medicines taken already that are the same, or share a class with this one.

    That the patient takes this medicine for long is no reason: it is given again then.
    """
    others = [
        other
        for other in listed.values()
        if other.word != medicine.word and set(other.classes) & set(medicine.classes)
    ]
    taken = [
        other.label
        for other in others
        if other.word in known.given or _names(known.medicines, (other.label, other.word))
    ]
    if medicine.word in known.given_now:
        taken.insert(0, medicine.label)
    return [Stop(StopKind.TAKEN, label) for label in taken]
