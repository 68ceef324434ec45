"""The words of a visit: why somebody came, danger signs, outcomes; each with its English label.

A word stands in records and never changes its meaning; its label is translated when it is shown.
Which danger signs make which class is said by the rules (`edge.rules`), not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class VisitWord:
    """One word of a closed list: as it stands in a record, and what a person reads."""

    word: str
    label: str


class WordList(Mapping[str, VisitWord]):
    """A closed list of words, in the order in which they are offered."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        self._rows = {word: VisitWord(word, label) for word, label in rows}

    def __getitem__(self, word: str) -> VisitWord:
        return self._rows[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


REASONS: Final = WordList(
    ("pressure-check", "Blood pressure check"),
    ("sugar-check", "Blood sugar check"),
    ("child-ill", "Child is ill"),
    ("adult-ill", "Adult is ill"),
    ("pregnancy", "Pregnancy"),
    ("after-birth", "After a birth"),
    ("newborn", "Newborn"),
    ("growth", "Growth of a child"),
    ("vaccination", "Vaccination"),
    ("wound", "Wound or injury"),
    ("family-planning", "Family planning"),
    ("medicine-refill", "More medicine"),
    ("result", "Asks for a result"),
    ("other", "Other"),
)
"""Why the patient came, in one word, said when a visit begins."""

DANGER_SIGNS: Final = WordList(
    ("convulsion", "Fits (convulsions)"),
    ("lethargic", "Very sleepy or cannot be woken"),
    ("confusion", "Newly confused"),
    ("breathless", "Hard to breathe"),
    ("stridor", "Noise when breathing in, while calm"),
    ("chest_indrawing", "Lower chest draws in"),
    ("unable_to_drink", "Cannot drink or breastfeed"),
    ("vomits_everything", "Vomits everything"),
    ("not_feeding_well", "Feeds badly (young baby)"),
    ("moves_only_when_touched", "Moves only when touched (young baby)"),
    ("chest_pain", "Chest pain"),
    ("severe_headache", "Severe headache"),
    ("vision", "Sees badly or sees lights"),
    ("weakness_one_side", "One side of the face or body is weak"),
    ("stiff_neck", "Stiff neck"),
    ("bleeding", "Heavy bleeding"),
    ("abdominal_pain", "Severe pain in the belly"),
    ("baby_moves_less", "The unborn baby moves less"),
    ("waters_broken", "The waters have broken"),
)
"""Each is present, or was asked about and is absent, or was not asked about. The young child's are
those of WHO IMCI (2014); those of pregnancy are from WHO, Pregnancy, Childbirth, Postpartum and
Newborn Care (2015), from memory."""

TRIAGE_SIGNS: Final = WordList(
    ("cyanosis", "blue lips or tongue"),
    ("weak_fast_pulse", "weak and fast pulse"),
    ("hypoglycaemia", "blood sugar is low"),
    ("high_risk_trauma", "dangerous injury or major burn"),
    ("poisoning", "poison, too much medicine, or a dangerous chemical"),
    ("threatened_limb", "a limb without pulse, or painful and pale, weak, numb or very swollen"),
    ("snake_bite", "snake bite"),
    ("ecg_ischaemia", "the ECG shows a heart attack"),
    ("violent", "violent or aggressive"),
    ("labour", "labour pains"),
    ("injury", "another injury or burn"),
    ("mouth_neck_swelling", "swelling of mouth, throat or neck"),
    ("wheezing", "wheezing"),
    ("diarrhoea", "diarrhoea that goes on"),
    ("severe_pallor", "very pale"),
    ("some_bleeding", "bleeds, not heavily"),
    ("fainting", "fainted lately"),
    ("agitation", "restless or agitated"),
    ("general_weakness", "suddenly weak all over"),
    ("severe_pain", "severe pain"),
    ("rash_worse", "new rash that grows within hours, or skin that peels"),
    ("limb_injury", "limb out of shape, open fracture, or joint out of place"),
    ("surgical_diagnosis", "known illness that needs an operation soon"),
    ("sexual_assault", "sexual assault"),
    ("testicular_pain", "sudden pain of a testicle, or an erection that does not end"),
    ("no_urine", "cannot pass urine"),
    ("exposure", "animal bite, needle prick or the like"),
    ("pregnancy_referred", "sent here for a problem of the pregnancy"),
)
"""Beside the danger signs, those of the Interagency Integrated Triage Tool (WHO, ICRC, MSF, 2020).
The labels are those of the facts of the rules, so that they are translated once."""

CHILD_SIGNS: Final = WordList(
    ("cold_hands_feet", "cold hands and feet"),
    ("sunken_eyes", "sunken eyes"),
    ("slow_skin_pinch", "a pinch of skin goes back very slowly"),
    ("drinks_poorly", "drinks poorly"),
    ("dehydration", "signs of dehydration"),
    ("visible_wasting", "visibly very thin"),
)
"""Those of the same tool below 12 years."""

INFANT_SIGNS: Final = WordList(
    ("umbilicus_red", "navel red or with pus"),
    ("skin_pustules", "pustules of the skin"),
    ("yellow_skin", "yellow skin"),
    ("yellow_palms_or_soles", "yellow palms or soles"),
    ("yellow_within_a_day", "the skin turned yellow within 24 hours of birth"),
)
"""Those of the sick young infant (WHO IMCI, 2019)."""

MORE_SIGNS: Final = WordList(
    *((r.word, r.label) for g in (TRIAGE_SIGNS, CHILD_SIGNS, INFANT_SIGNS) for r in g.values())
)
"""All signs that are asked about beside the danger signs."""

CONSCIOUSNESS: Final = WordList(
    ("A", "Alert"),
    ("C", "New confusion"),
    ("V", "Answers to voice"),
    ("P", "Answers to pain"),
    ("U", "Does not answer"),
)
"""ACVPU, as NEWS2 has it (Royal College of Physicians, 2017)."""

POSITIONS: Final = WordList(("lying", "Lying"), ("standing", "Standing"))
"""How a child was measured: length lying, height standing (WHO Child Growth Standards, 2006)."""

MEALS: Final = WordList(
    ("fasting", "Fasting"), ("random", "Any time"), ("2h", "Two hours after a glucose drink")
)
"""When glucose was measured."""

TEMP_SITES: Final = WordList(
    ("axillary", "Under the arm"),
    ("oral", "In the mouth"),
    ("rectal", "In the bottom"),
    ("ear", "In the ear"),
    ("forehead", "On the forehead"),
)
"""Where a temperature was measured; the limits of guidelines are for one place each."""

OUTCOMES: Final = WordList(
    ("home", "Went home"),
    ("observed", "Stays here to be watched"),
    ("referred", "Referred"),
    ("died", "Died"),
)
"""How the visit ended for the patient."""
