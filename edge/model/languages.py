"""The languages of the screens: `LANGUAGES`, one row a language.

`scripts/catalogs add CODE` makes the catalog of a new one and prints its row; the recipe is
`docs/how-to/add-a-language.md`. Months and the order of a date are those of the Unicode CLDR.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, assert_never

LATIN_DIGITS = "0123456789"


class Calendar(StrEnum):
    """How days are counted into months and years (names of BCP 47, key "ca")."""

    GREGORIAN = "gregory"


class Texts(StrEnum):
    """How far the texts of a language are, as its catalog's empty and `machine` texts say."""

    SOURCE = "source"
    """The language in which the texts stand in the code."""
    REVIEWED = "reviewed"
    """Complete, and a native reader has read every text."""
    MACHINE = "machine"
    """Complete, but made by a machine: some texts wait for a native reader."""
    STARTED = "started"
    """Incomplete: a text that is missing is shown in the source language."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the screens.

    `code` names it in settings, cookies and catalogs, `tag` in pages (BCP 47), `name` is its own
    name in its own script. `fonts` are names in `kiosk_ui.fonts`, in the order in which a browser
    looks for a letter; the last is the one of the language's script. `months` are twelve names,
    apart by commas; `date_form` puts `{day}`, `{month}` and `{year}` in order. `digits` are the ten
    that pages write: Latin by default, as on the displays of the devices.
    """

    code: str
    tag: str
    name: str
    direction: Literal["ltr", "rtl"]
    fonts: tuple[str, ...]
    months: str
    date_form: str
    texts: Texts
    digits: str = LATIN_DIGITS
    calendar: Calendar = Calendar.GREGORIAN

    def numerals(self, text: str) -> str:
        """Return a text with its Latin digits written in the digits of the language."""
        return text.translate(str.maketrans(LATIN_DIGITS, self.digits))

    def date(self, day: date) -> str:
        """Return a date as people write it: 9 Mar 2026."""
        match self.calendar:
            case Calendar.GREGORIAN:
                month = self.months.split(",")[day.month - 1]
                return self.numerals(self.date_form.format(day=day.day, month=month, year=day.year))
            case unknown:
                assert_never(unknown)


LANGUAGES = (
    Language(
        code="en",
        tag="en",
        name="English",
        direction="ltr",
        fonts=("Latin",),
        months="Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
        date_form="{day} {month} {year}",
        texts=Texts.SOURCE,
    ),
    Language(
        code="ur",
        tag="ur",
        name="اردو",
        direction="rtl",
        fonts=("Latin", "Nastaliq"),
        months="جنوری,فروری,مارچ,اپریل,مئی,جون,جولائی,اگست,ستمبر,اکتوبر,نومبر,دسمبر",
        date_form="{day} {month} {year}",
        texts=Texts.MACHINE,
    ),
    Language(
        code="zh",
        tag="zh-Hans",
        name="中文",
        direction="ltr",
        fonts=("Latin", "Hans"),
        months="1月,2月,3月,4月,5月,6月,7月,8月,9月,10月,11月,12月",
        date_form="{year}年{month}{day}日",
        texts=Texts.MACHINE,
    ),
)
"""Every language, in the order in which the first page offers them."""

_BY_CODE = {language.code: language for language in LANGUAGES}
CODES = tuple(_BY_CODE)
SOURCE = next(language for language in LANGUAGES if language.texts is Texts.SOURCE)
"""The language that a new box speaks, too."""


def by_code(code: str) -> Language:
    """Return the language of a code; raises `KeyError` when there is none."""
    return _BY_CODE[code]
