"""A recorded reading as it is put on the screen: lines of name and number, source, marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.model.reading import PERHAPS_SAME, UNCHECKED, Code, Value
from edge.readings.history import StoredReading
from kiosk_ui.sentences import issue_texts
from kiosk_ui.wording import (
    N_,
    kind_icon,
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
    struck: bool = False

    @property
    def tone(self) -> str:
        """How the row is marked."""
        if self.struck:
            return "struck"
        if self.urgent:
            return "urgent"
        return "doubt" if self.warnings or self.quality else "plain"


def show(
    recorded: StoredReading,
    now: Stamp,
    names: Mapping[str, str],
    urgent: frozenset[int] = frozenset(),
) -> ReadingText:
    """Word a reading; `names` are the staff by id, `urgent` the readings that raised an alert."""
    return ReadingText(
        entry=recorded.entry,
        icon=kind_icon(recorded.kind),
        lines=lines(recorded.values),
        source=_source(recorded, names),
        at=since(recorded.placed.when, now),
        sure=recorded.placed.sure,
        quality=issue_texts.quality_words(_doubts(recorded)),
        warnings=[issue_texts.warning_sentence(name) for name in recorded.warnings],
        urgent=recorded.entry in urgent,
        confirmed=recorded.confirmed,
        compare=recorded.needs_confirmation and not recorded.struck,
        perhaps=recorded.perhaps is not None and not recorded.struck,
        struck=recorded.struck,
    )


def lines(values: tuple[Value, ...]) -> tuple[Line, ...]:
    """Return the numbers of a reading, a blood pressure as one line 120/80."""
    by_code = {value.code: value for value in values}
    systolic, diastolic = by_code.get(Code.SYSTOLIC), by_code.get(Code.DIASTOLIC)
    rest = [v for v in values if v.code not in _FOLDED]
    if systolic is None or diastolic is None:
        rest = [v for v in values if v.code != Code.MEAN_PRESSURE]
        return tuple(Line(vital_name(v.code), value_text(v)) for v in rest)
    pair = f"{plain(systolic.value)}/{plain(diastolic.value)}"
    first = Line(t(N_("Blood pressure")), quantity(pair, systolic.unit))
    return (first, *(Line(vital_name(v.code), value_text(v)) for v in rest))


def _doubts(recorded: StoredReading) -> tuple[str, ...]:
    """What somebody has compared or told apart is no doubt any more."""
    open_still = {
        UNCHECKED: recorded.needs_confirmation,
        PERHAPS_SAME: recorded.perhaps is not None,
    }
    return tuple(flag for flag in recorded.quality if open_still.get(flag, True))


def _source(recorded: StoredReading, names: Mapping[str, str]) -> Markup:
    if recorded.source == "typed":
        who = names.get(recorded.actor or "")
        return t(N_("typed by %(name)s"), name=own_words(who)) if who else t(N_("typed"))
    return own_words(recorded.model or recorded.device_id or "")


_FOLDED = frozenset({Code.SYSTOLIC, Code.DIASTOLIC, Code.MEAN_PRESSURE, Code.PERFUSION_INDEX})
"""Shown in the pair, or too technical for a screen; all are kept and sent."""
