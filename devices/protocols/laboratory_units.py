"""Units as laboratory analysers write them, in UCUM, so that a site's map and a device agree.

The same unit comes with two micro signs, in small or capital letters, with `^` or `**` for a power,
in Cyrillic, or read in another character set than it was written in. Only spelling is levelled
here: g/dL never becomes g/L, and capital letters are levelled only where no other unit is meant by
them (G/L is 10*9/L, not g/L; mM is not mm). A unit that the table does not know stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

UNITS = (
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
)
"""The units of the table, in UCUM."""

_ALIASES = {
    "IU/L": "[IU]/L",
    "IU/mL": "[IU]/mL",
    "mIU/L": "m[IU]/L",
    "mIU/mL": "m[IU]/mL",
    "uIU/mL": "u[IU]/mL",
    "kIU/L": "k[IU]/L",
    "UI/L": "[IU]/L",
    "UI/mL": "[IU]/mL",
    "mUI/L": "m[IU]/L",
    "mUI/mL": "m[IU]/mL",
    "uUI/mL": "u[IU]/mL",
    "K/uL": "10*3/uL",
    "M/uL": "10*6/uL",
    "giga/L": "10*9/L",
    "tera/L": "10*12/L",
    "g.dL-1": "g/dL",
    "gm/dL": "g/dL",
    "gm%": "g/dL",
    "g%": "g/dL",
    "mg%": "mg/dL",
    "uM": "umol/L",
    "nM": "nmol/L",
    "mEq/L": "meq/L",
    "mm/hr": "mm/h",
    "sec": "s",
    "seconds": "s",
    "mmHg": "mm[Hg]",
    "INR": "{INR}",
    "pH": "[pH]",
    "PH": "[pH]",
    "/HPF": "/[HPF]",
    "/LPF": "/[LPF]",
    "copies/mL": "{copies}/mL",
    "cp/mL": "{copies}/mL",
    "titer": "{titer}",
    "titers": "{titer}",
    "titre": "{titer}",
    "titres": "{titer}",
    "г/дл": "g/dL",
    "мг/дл": "mg/dL",
    "мг/л": "mg/L",
    "мкг/л": "ug/L",
    "мкг/дл": "ug/dL",
    "мкг/мл": "ug/mL",
    "нг/мл": "ng/mL",
    "пг/мл": "pg/mL",
    "ммоль/л": "mmol/L",
    "мкмоль/л": "umol/L",
    "нмоль/л": "nmol/L",
    "пмоль/л": "pmol/L",
    "ед/л": "U/L",
    "ме/л": "[IU]/L",
    "ме/мл": "[IU]/mL",
    "мме/л": "m[IU]/L",
    "мкме/мл": "u[IU]/mL",
    "мм/ч": "mm/h",
    "мм/час": "mm/h",
    "фл": "fL",
    "пг": "pg",
    "10*9/л": "10*9/L",
    "10*12/л": "10*12/L",
    "10*3/мкл": "10*3/uL",
    "10*6/мкл": "10*6/uL",
}
_CASED = {
    "G/L": "10*9/L",
    "G/l": "10*9/L",
    "T/L": "10*12/L",
    "T/l": "10*12/L",
    "mM": "mmol/L",
    "mm": "mm",
    "г/л": "g/L",
    "Г/л": "10*9/L",
    "Т/л": "10*12/L",
    "Giga/L": "10*9/L",
    "Tera/L": "10*12/L",
    "Titer": "{titer}",
    "Titre": "{titer}",
}
"""Spellings that another unit shares but for its capital letters: they count as they stand."""

_SPELLINGS: Mapping[str, str] = {**{unit: unit for unit in UNITS}, **_ALIASES, **_CASED}
_FOLDED: Mapping[str, str] = {
    spelling.lower(): spelling for spelling in (*UNITS, *_ALIASES) if spelling not in _CASED
}
"""The table's own spelling of a unit in small letters."""

_SENSITIVE = frozenset("mpgtM")
"""Letters that are another prefix, or another unit, when their size changes at a part's start."""

_MICRO_SIGNS = str.maketrans({"\u00b5": "u", "\u03bc": "u"})
_SUPERSCRIPTS = re.compile("[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+")
_DIGITS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789"
)
_LEVELS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\^|\*\*"), "*"),
    (re.compile(r"^[xX\u00d7\u0445\u0425*](?=10)"), ""),
    (re.compile(r"^10[eE]\+?(?=\d)"), "10*"),
    (re.compile(r"^10(?=(?:3|6|9|12)/)"), "10*"),
    (re.compile(r"^10\*0+(?=\d)"), "10*"),
    (re.compile(r"/(?:mm\*?3|cu?mm)$", re.IGNORECASE), "/uL"),
    (re.compile(r"(?<![^\W\d_])mc(?=(?:g|mol|l|iu|u)\b)", re.IGNORECASE), "u"),
    (re.compile(r"(?<![^\W\d_])\u043c\u043a(?=[A-Za-z])"), "u"),  # Cyrillic before Latin: micro
    (re.compile(r"(?<![^\W\d_])\u043c(?=[A-Za-z])"), "m"),  # Cyrillic before Latin: milli
)
"""What is written in several ways in any unit: powers, cubic millimetres, prefixes."""

_MIXED = re.compile("[\u0400-\u04ff][A-Za-z]")
"""A Cyrillic letter before a Latin one: believed as it was sent, never as a guess."""

_MISREAD = tuple(
    (read, written)
    for read in (
        *("cp1252", "latin-1", "cp1251", "gb18030", "big5", "cp949", "shift_jis", "cp437"),
        *("cp850", "cp866", "koi8-r", "iso8859-2", "iso8859-5", "iso8859-7"),
    )
    for written in (
        *("utf-8", "latin-1", "cp1251", "cp1253", "cp866"),
        *("koi8-r", "iso8859-5", "cp437", "cp850"),
    )
    if read != written
) + tuple(
    (read, written)
    for read in ("cp1252", "latin-1", "cp1251", "iso8859-5")
    for written in ("gb18030", "shift_jis", "euc_jp")
)
"""The set that a unit was read in, and another one that it may have been written in. Where two of
them say different units, none is believed: one byte is a Greek mu or a Cyrillic m, which is milli.
"""


def canonical(text: str) -> str:
    """Return a unit in UCUM; an unknown one as it was sent, without spaces around it."""
    unit = text.strip()
    return _known(unit) or _levelled(unit) or unit


def _is_known(text: str) -> bool:
    """Whether the table knows the unit in any spelling."""
    return bool(_known(text.strip()))


def agree(sent: str, agreed: str, component: str = "^") -> bool:
    """Whether a sent field is the unit that was agreed.

    HL7 writes code, text and coding system, and perhaps the same thrice again. The first code
    or text that is a known unit decides; the second triplet counts only where the first knows none
    and its coding system is UCUM.
    """
    wanted = canonical(agreed)
    if not sent.strip(component + " "):
        return not wanted
    parts = [part.strip() for part in sent.split(component)] + [""] * 6
    for candidate in (component.join(parts[:2]), *_primary(sent, parts, component)):
        if candidate and _is_known(candidate):
            return canonical(candidate) == wanted
    return any(canonical(part) == wanted for part in (sent, *parts[:2]) if part)


def _primary(sent: str, parts: list[str], component: str) -> Iterator[str]:
    """Yield what may hold the unit, the surest first; an unescaped `10^9/L` is one unit."""
    yield sent
    yield parts[0]
    yield parts[1]
    if parts[5].upper() == "UCUM" or not any(parts[:3]):
        yield parts[3]
        yield parts[4]


def _levelled(unit: str) -> str:
    spelled = re.sub(r"\s", "", unit).translate(_MICRO_SIGNS)
    spelled = _SUPERSCRIPTS.sub(lambda found: "*" + found[0].translate(_DIGITS), spelled)
    for pattern, replacement in _LEVELS:
        spelled = pattern.sub(replacement, spelled)
    return spelled


@lru_cache(maxsize=1024)
def _known(unit: str) -> str:
    """Return the unit in UCUM; "" when the table does not know it or knows two that it may be."""
    found = _looked_up(_levelled(unit))
    if found or unit.isascii():
        return found
    others = {each: _looked_up(_levelled(each)) for each in _reread(unit)}
    found_units = {found for found in others.values() if found}
    sure = any(found and not _MIXED.search(each) for each, found in others.items())
    return found_units.pop() if sure and len(found_units) == 1 else ""


def _looked_up(spelled: str) -> str:
    exact = _SPELLINGS.get(spelled)
    if exact is not None:
        return exact
    spelling = _FOLDED.get(spelled.lower(), "")
    return _SPELLINGS[spelling] if spelling and _same_but_for_size(spelled, spelling) else ""


def _same_but_for_size(sent: str, spelling: str) -> bool:
    """Whether letters of another size still say the same unit.

    A capital M, P, G or T at the start of a part is mega, peta, giga or tera, unless the device
    writes all in capitals and another letter shows it: MMOL/L and PG, but not Mmol/L, G/L or MU/L.
    """
    changed = [at for at, letter in enumerate(spelling) if letter != sent[at]]
    prefixes = [at for at in changed if spelling[at] in _SENSITIVE and _begins(spelling, at)]
    if any(sent[at].islower() for at in prefixes):
        return False
    shown = any(sent[at].isupper() for at in changed if at not in prefixes)
    return not prefixes or (sent == sent.upper() and shown)


def _begins(spelling: str, at: int) -> bool:
    """Whether a letter begins a part of a unit, `mL` excepted: nobody writes mega or tera litre."""
    inner = at > 0 and spelling[at - 1].isalpha()
    return not inner and not spelling[at:].startswith("mL")


def _reread(unit: str) -> Iterator[str]:
    """Yield what the unit would be, had it been written in another set than it was read in."""
    for read, written in _MISREAD:
        try:
            other = unit.encode(read).decode(written)
        except UnicodeError:
            continue
        if other.isprintable():
            yield other
