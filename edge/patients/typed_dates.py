"""Dates as people type them: day first, year first or with a month's name, in the site's calendars.

Nothing is guessed. A date that is plausible in two of the calendars, a year of two digits that may
be of two centuries, and a month that stands first are asked about.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from edge.model.errors import InvalidForm
from edge.model.languages import LANGUAGES
from edge.patients.calendars import BY_NAME, CALENDARS, Calendar, CalendarName, year_of

_PARTS = re.compile(r"\d+|[^\W\d_]+")
_SEPARATORS = re.compile(r"[\s,./\-\u060c\u066b\u06d4]*")
_HAN = str.maketrans({"年": "-", "月": "-", "日": " ", "号": " "})
_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_LEAST_LETTERS = 3

Span = tuple[date, date]
"""The earliest and the latest day that a birth can have."""


@dataclass(frozen=True, slots=True)
class _TypedDate:
    """A date as typed, before it is known of which calendar."""

    year: int
    month: int | None = None
    day: int | None = None
    short: bool = False
    """The year has two digits."""


def read(text: str, calendars: str, span: Span) -> str:
    """Return a date as FHIR writes it (1948, 1948-06, 1948-06-02); raises `InvalidForm` ("birth").

    `calendars` names the calendar in which it was typed, or several, apart by spaces, of which
    nobody has chosen one; empty: the international one.
    """
    typed = _parse(text)
    names = calendars.split() or [CalendarName.GREGORIAN.value]
    if not set(names) <= set(BY_NAME):
        raise InvalidForm({"birth": "format"})
    found = {name: _dated(typed, BY_NAME[name], span) for name in names}
    plausible = {said for said in found.values() if said.wrong is None}
    if len({said.text for said in plausible}) > 1:
        raise InvalidForm({"birth": "calendar"})
    if plausible:
        return plausible.pop().text
    wrong = found[names[0]].wrong or "format"
    if _is_of_another(typed, wrong, names, span):
        raise InvalidForm({"birth": "other-calendar"})
    raise InvalidForm({"birth": wrong})


@dataclass(frozen=True, slots=True)
class _DateReading:
    """A typed date in one calendar, or why it cannot be of it."""

    text: str
    wrong: str | None = None


def _is_of_another(typed: _TypedDate, wrong: str, names: list[str], span: Span) -> bool:
    """Whether the year cannot be of these calendars and can be of another."""
    far = wrong == "too-old" or (wrong == "future" and typed.year > span[1].year)
    others = [c for c in CALENDARS if c.name.value not in names]
    return far and any(_dated(typed, other, span).wrong is None for other in others)


def _parse(text: str) -> _TypedDate:
    plain = _digits(text).translate(_HAN).strip()
    parts = _PARTS.findall(plain)
    if not 1 <= len(parts) <= 3 or not _SEPARATORS.fullmatch(_PARTS.sub("", plain)):
        raise InvalidForm({"birth": "format"})
    named = [_month(part) for part in parts]
    if any(not part.isdigit() and month is None for part, month in zip(parts, named, strict=True)):
        raise InvalidForm({"birth": "format"})
    months = [month for month in named if month is not None]
    numbers = [part for part in parts if part.isdigit()]
    if len(months) > 1:
        raise InvalidForm({"birth": "format"})
    if months:
        return _with_name(months[0], numbers)
    return _with_numbers(numbers)


def _with_name(month: int, numbers: list[str]) -> _TypedDate:
    """Read "12 March 1998", "March 12, 1998", "1998 March 12" or "March 1998"."""
    if len(numbers) == 1 and len(numbers[0]) == 4:
        return _TypedDate(int(numbers[0]), month)
    if len(numbers) != 2:
        raise InvalidForm({"birth": "format"})
    if len(numbers[0]) == 4:
        numbers.reverse()
    return _typed(numbers[1], month, numbers[0])


def _with_numbers(numbers: list[str]) -> _TypedDate:
    match [len(number) for number in numbers]:
        case [4]:
            return _TypedDate(int(numbers[0]))
        case [4, 1 | 2]:
            return _TypedDate(int(numbers[0]), int(numbers[1]))
        case [1 | 2, 4]:
            return _TypedDate(int(numbers[1]), int(numbers[0]))
        case [4, 1 | 2, 1 | 2]:
            return _TypedDate(int(numbers[0]), int(numbers[1]), int(numbers[2]))
        case [1 | 2, 1 | 2, 4 | 2]:
            if int(numbers[1]) > 13 >= int(numbers[0]):
                raise InvalidForm({"birth": "order"})
            return _typed(numbers[2], int(numbers[1]), numbers[0])
    raise InvalidForm({"birth": "format"})


def _typed(year: str, month: int, day: str) -> _TypedDate:
    if len(year) not in (2, 4) or len(day) > 2:
        raise InvalidForm({"birth": "format"})
    return _TypedDate(int(year), month, int(day), short=len(year) == 2)


def _dated(typed: _TypedDate, calendar: Calendar, span: Span) -> _DateReading:
    if not typed.short:
        return _in_calendar(typed, typed.year, calendar, span)
    # A box without a date takes every year for possible: `span` then ends at the last of all.
    century = year_of(calendar, min(span[1], date(span[0].year + 131, 1, 1))) // 100 * 100
    tried = [_in_calendar(typed, base + typed.year, calendar, span) for base in
             (century - 100, century)]  # fmt: skip
    fit = [said for said in tried if said.wrong is None]
    if len(fit) > 1:
        return _DateReading("", "century")
    return fit[0] if fit else tried[0]


def _in_calendar(typed: _TypedDate, year: int, calendar: Calendar, span: Span) -> _DateReading:
    try:
        first = calendar.first_day(year, typed.month or 1, typed.day or 1)
    except (ValueError, OverflowError):
        return _DateReading("", "impossible")
    if first > span[1]:
        return _DateReading("", "future")
    if first < span[0]:
        return _DateReading("", "too-old")
    if calendar.name is CalendarName.GREGORIAN:
        exact = 10 if typed.day else 7 if typed.month else 4
        return _DateReading(first.isoformat()[:exact])
    return _DateReading(_converted(typed, first, calendar))


def _converted(typed: _TypedDate, first: date, calendar: Calendar) -> str:
    """Return the day, or the month or year in which most of the typed month or year lies."""
    if typed.day is not None:
        return first.isoformat()[: 10 if calendar.to_the_day else 7]
    if typed.month is not None:
        return (first + timedelta(days=14)).isoformat()[:7]
    return (first + timedelta(days=182)).isoformat()[:4]


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _month(word: str) -> int | None:
    """Return the month of a name in English or in a language of the screens, or None."""
    word = word.casefold()
    for language in LANGUAGES:
        names = [name.casefold() for name in language.months.split(",")]
        if word in names:
            return names.index(word) + 1
    fits = [n for n, name in enumerate(_ENGLISH, 1) if name.startswith(word)]
    return fits[0] if len(word) >= _LEAST_LETTERS and len(fits) == 1 else None
