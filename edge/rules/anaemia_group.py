"""What the name of a group of the anaemia guideline says of a person: age, sex, pregnancy.

Surveys and tests name the group; a visit knows the person. Ages are completed months.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from edge.rules.possible import Possible, between, known

_ADULT = between(Decimal(15 * 12), Decimal(130 * 12))
_NOT_PREGNANT: Final[Mapping[str, Possible]] = {"pregnant": known(False)}


def _child(first: int, last: int) -> Mapping[str, Possible]:
    return {"age_months": between(Decimal(first), Decimal(last)), **_NOT_PREGNANT}


def _pregnant(first: int, last: int) -> Mapping[str, Possible]:
    weeks = between(Decimal(first), Decimal(last))
    return {
        "age_months": between(Decimal(10 * 12), Decimal(60 * 12)),
        "sex": known("f"),
        "pregnant": known(True),
        "gest_weeks": weeks,
    }


GROUPS: Final[Mapping[str, Mapping[str, Possible]]] = {
    "child_6_23m": _child(6, 23),
    "child_24_59m": _child(24, 59),
    "child_5_11y": _child(60, 143),
    "child_12_14y": _child(144, 179),
    "woman_nonpreg_15plus": {"age_months": _ADULT, "sex": known("f"), **_NOT_PREGNANT},
    "man_15plus": {"age_months": _ADULT, "sex": known("m"), **_NOT_PREGNANT},
    "preg_t1": _pregnant(0, 12),
    "preg_t2": _pregnant(13, 27),
    "preg_t3": _pregnant(28, 45),
}
"""By the name of the group: what is known of each fact."""
