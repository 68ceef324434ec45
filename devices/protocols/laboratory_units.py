"""Units as laboratory analysers write them, in UCUM, so that a site's map and a device agree.

The same unit comes with two micro signs, in small or capital letters, with `^` or `**` for a power
and in Cyrillic. Only spelling is levelled here: g/dL never becomes g/L. A unit that the table does
not know stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MICRO = re.compile(r"^(?:[\u00b5\u03bc]|[^\x00-\x7f]{1,2})(?=(?:mol|g|l|iu|u|kat|m|eq)\b)", re.I)
"""A sign before such a unit that is no ASCII is a micro sign, in whatever set it was read: no other
prefix of a unit is written so."""

_UNITS = [
    "%",
    "g/dL",
    "g/L",
    "mg/dL",
    "mg/L",
    "ug/dL",
    "ug/L",
    "ug/mL",
    "ng/mL",
    "ng/dL",
    "ng/L",
    "pg/mL",
    "pg",
    "mmol/L",
    "umol/L",
    "nmol/L",
    "pmol/L",
    "mmol/mol",
    "mol/L",
    "U/L",
    "kU/L",
    "mU/L",
    "uU/mL",
    "U/mL",
    "[IU]/L",
    "[IU]/mL",
    "m[IU]/L",
    "m[IU]/mL",
    "u[IU]/mL",
    "k[IU]/L",
    "10*9/L",
    "10*12/L",
    "10*6/L",
    "10*3/uL",
    "10*6/uL",
    "10*4/uL",
    "10*2/uL",
    "10*3/mL",
    "10*6/mL",
    "/uL",
    "/L",
    "fL",
    "L/L",
    "mm/h",
    "mm",
    "s",
    "min",
    "{INR}",
    "{titer}",
    "{ratio}",
    "[pH]",
    "mm[Hg]",
    "kPa",
    "mosm/kg",
    "meq/L",
    "mg/g",
    "mg/mmol",
    "/[HPF]",
    "/[LPF]",
    "{index}",
    "{copies}/mL",
    "{score}",
]

_ALIASES = {
    "iu/l": "[IU]/L",
    "iu/ml": "[IU]/mL",
    "miu/l": "m[IU]/L",
    "miu/ml": "m[IU]/mL",
    "uiu/ml": "u[IU]/mL",
    "kiu/l": "k[IU]/L",
    "k/ul": "10*3/uL",
    "k/mm3": "10*3/uL",
    "m/ul": "10*6/uL",
    "10*3/mm3": "10*3/uL",
    "10*6/mm3": "10*6/uL",
    "/mm3": "/uL",
    "giga/l": "10*9/L",
    "g.dl-1": "g/dL",
    "tera/l": "10*12/L",
    "gm/dl": "g/dL",
    "gm%": "g/dL",
    "g%": "g/dL",
    "mg%": "mg/dL",
    "mcg/dl": "ug/dL",
    "mcg/l": "ug/L",
    "mcg/ml": "ug/mL",
    "mcmol/l": "umol/L",
    "mm/hr": "mm/h",
    "sec": "s",
    "seconds": "s",
    "mmhg": "mm[Hg]",
    "inr": "{INR}",
    "ph": "[pH]",
    "/hpf": "/[HPF]",
    "/lpf": "/[LPF]",
    "copies/ml": "{copies}/mL",
    "г/л": "g/L",
    "г/дл": "g/dL",
    "мг/дл": "mg/dL",
    "мг/л": "mg/L",
    "ммоль/л": "mmol/L",
    "мкмоль/л": "umol/L",
    "ед/л": "U/L",
    "ме/л": "[IU]/L",
    "мм/ч": "mm/h",
    "фл": "fL",
    "пг": "pg",
}
_KNOWN: Mapping[str, str] = {**{unit.lower(): unit for unit in _UNITS}, **_ALIASES}


def canonical(text: str) -> str:
    """Return a unit in UCUM; an unknown one as it was sent, without spaces around it."""
    unit = text.strip()
    spelled = _MICRO.sub("u", unit.replace(" ", ""))
    spelled = re.sub(r"\^|\*\*", "*", spelled)
    spelled = re.sub(r"^[xX\u00d7*](?=10)", "", spelled)
    spelled = re.sub(r"^10[eE](?=\d)", "10*", spelled)
    spelled = spelled.translate(_SUPERSCRIPTS) if spelled.startswith("10") else spelled
    spelled = re.sub(r"^10(?=(?:9|12)/)", "10*", spelled)
    return _KNOWN.get(spelled.lower(), spelled or unit)


def agree(sent: str, agreed: str, component: str = "^") -> bool:
    """Whether a sent field, whole or by one of its components, is the unit that was agreed."""
    wanted = canonical(agreed)
    return any(canonical(part) == wanted for part in (sent, *sent.split(component)) if part) or (
        not wanted and not sent.strip(component + " ")
    )


_SUPERSCRIPTS = {
    ord(sign): f"*{digits}"
    for sign, digits in {"\u00b9": "1", "\u00b2": "2", "\u00b3": "3"}.items()
} | {0x2076: "*6", 0x2079: "*9"}
