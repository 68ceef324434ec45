"""The signs that triage and the young infant's chart ask about, beside the danger signs of a visit.

Each is present, absent, or was not asked about. The words are facts of their own names.
"""

from __future__ import annotations

from typing import Final

TRIAGE_SIGNS: Final = (
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
"""Of the triage tool from 12 years on."""

CHILD_TRIAGE_SIGNS: Final = (
    ("cold_hands_feet", "cold hands and feet"),
    ("sunken_eyes", "sunken eyes"),
    ("slow_skin_pinch", "a pinch of skin goes back very slowly"),
    ("drinks_poorly", "drinks poorly"),
    ("dehydration", "signs of dehydration"),
    ("visible_wasting", "visibly very thin"),
)
"""Of the triage tool below 12 years, beside those above."""

YOUNG_INFANT_SIGNS: Final = (
    ("umbilicus_red", "navel red or with pus"),
    ("skin_pustules", "pustules of the skin"),
    ("yellow_skin", "yellow skin"),
    ("yellow_palms_or_soles", "yellow palms or soles"),
    ("yellow_within_a_day", "the skin turned yellow within 24 hours of birth"),
)
"""Of the chart of the sick young infant."""
