"""A recorded reading as it is put on the screen: lines of name and number, source, marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from edge.assessments.silence import Silence
from edge.model.clock import PlacedStamp, Stamp
from edge.model.reading import Code, CodedValue, Value
from edge.readings.history import StoredReading
from kiosk_ui.sentences import issue_texts
from kiosk_ui.wording import (
    N_,
    coded_text,
    day,
    kind_icon,
    ltr,
    own_words,
    plain,
    quantity,
    since,
    t,
    value_text,
    vital_name,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a reading with its name."""

    name: Markup
    text: Markup


@dataclass(frozen=True, slots=True)
class ReadingText:
    """One reading on the screen. `tone` is "struck", "urgent", "doubt" or "plain"."""

    entry: int
    icon: str
    lines: tuple[Line, ...]
    source: Markup
    at: Markup
    sure: bool
    quality: list[Markup]
    warnings: list[Markup]
    urgent: bool
    confirmed: bool
    compare: bool = False
    perhaps: bool = False
    perhaps_of: Markup | None = None
    struck: bool = False
    silence: Markup | None = None

    @property
    def tone(self) -> str:
        """How the row is marked."""
        if self.struck:
            return "struck"
        if self.urgent:
            return "urgent"
        return "doubt" if self.warnings or self.quality or self.silence else "plain"


def show(
    recorded: StoredReading,
    now: Stamp,
    names: Mapping[str, str],
    urgent: frozenset[int] = frozenset(),
    silences: Mapping[int, Silence] | None = None,
) -> ReadingText:
    """Word a reading; `names` are the staff by id, `urgent` the readings that raised an alert.

    `silences` says of readings that may be dangerous why no rule judged them.
    """
    silence = (silences or {}).get(recorded.entry)
    return ReadingText(
        entry=recorded.entry,
        icon=kind_icon(recorded.kind),
        lines=lines(recorded.values, recorded.coded),
        source=_source(recorded, names),
        at=when_text(recorded.placed, now),
        sure=recorded.placed.sure,
        quality=issue_texts.quality_words(recorded.doubts),
        warnings=[issue_texts.warning_sentence(name) for name in recorded.warnings],
        urgent=recorded.entry in urgent,
        confirmed=recorded.confirmed,
        compare=recorded.needs_confirmation and not recorded.struck,
        perhaps=recorded.perhaps is not None and not recorded.struck,
        perhaps_of=None if recorded.perhaps_of is None else since(recorded.perhaps_of.when, now),
        struck=recorded.struck,
        silence=None if silence is None else issue_texts.silence_sentence(silence),
    )


def when_text(placed: PlacedStamp, now: Stamp) -> Markup:
    """Return when something was measured; of what was typed in later from paper the day alone."""
    if placed.paper:
        return t(N_("%(date)s, entered later from paper"), date=day(placed.when))
    return since(placed.when, now)


def lines(values: tuple[Value, ...], coded: tuple[CodedValue, ...] = ()) -> tuple[Line, ...]:
    """Return the values of a reading: its numbers, a blood pressure as 120/80, then its words."""
    words = tuple(Line(vital_name(v.code), coded_text(v.word)) for v in coded)
    return _numbers(values) + words


def _numbers(values: tuple[Value, ...]) -> tuple[Line, ...]:
    by_code = {value.code: value for value in values}
    systolic, diastolic = by_code.get(Code.SYSTOLIC), by_code.get(Code.DIASTOLIC)
    rest = [v for v in values if v.code not in _FOLDED]
    if systolic is None or diastolic is None:
        rest = [v for v in values if v.code != Code.MEAN_PRESSURE]
        return tuple(Line(vital_name(v.code), value_text(v)) for v in rest)
    pair = f"{plain(systolic.value)}/{plain(diastolic.value)}"
    first = Line(t(N_("Blood pressure")), quantity(pair, systolic.unit))
    return (first, *(Line(vital_name(v.code), value_text(v)) for v in rest))


def _source(recorded: StoredReading, names: Mapping[str, str]) -> Markup:
    if recorded.source == "typed":
        who = names.get(recorded.actor or "")
        return t(N_("typed by %(name)s"), name=own_words(who)) if who else t(N_("typed"))
    model = own_words(recorded.model or recorded.device_id or "")
    if not recorded.found or not recorded.record:
        return model
    sample = t(
        N_("sample %(number)s, from field %(place)s"),
        number=ltr(recorded.record),
        place=ltr(recorded.found[0]),
    )
    return Markup("{} · {}").format(model, sample)


_FOLDED = frozenset({Code.SYSTOLIC, Code.DIASTOLIC, Code.MEAN_PRESSURE, Code.PERFUSION_INDEX})
"""Shown in the pair, or too technical for a screen; all are kept and sent."""
