"""The numbers of a month's report in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from edge.model.patient_codes import Sex
from edge.reports.core import labels, render
from edge.reports.core.indicators import Report
from edge.reports.core.quality import LEAST, Drift, EndDigits, Quality
from edge.visits import visit_words
from kiosk_ui.wording import N_, count, ltr, own_words, sex_name, t, vital_name

_WORDS = {
    "not_said": N_("Not said"),
    "active": N_("In the programme when the month ended"),
    "enrolled_this_month": N_("Enrolled in the month"),
    "finished_this_month": N_("Finished in the month"),
    "lost_this_month": N_("Lost in the month"),
    "transferred_this_month": N_("Went to another clinic in the month"),
    "deceased_this_month": N_("Died in the month"),
    "refused_this_month": N_("Refused in the month"),
    "hypertension": N_("Hypertension"),
    "diabetes": N_("Diabetes"),
    "antenatal-care": N_("Antenatal care"),
    "child-growth": N_("Child growth"),
    "immunisation": N_("Immunisation"),
    "emergency": N_("Emergency: goes now"),
    "urgent": N_("Urgent: today"),
    "soon": N_("Soon: this week"),
    "routine": N_("Routine"),
    "suspected": N_("Suspected"),
    "confirmed": N_("Confirmed"),
    "ruled-out": N_("Ruled out"),
}

_AGES: dict[str, tuple[str, *tuple[int, ...]]] = {
    "under_5": (N_("Younger than %(least)s years"), 5),
    "5_to_14": (N_("%(least)s to %(most)s years"), 5, 14),
    "15_to_49": (N_("%(least)s to %(most)s years"), 15, 49),
    "50_and_over": (N_("%(least)s years and older"), 50),
}


@dataclass(frozen=True, slots=True)
class SectionText:
    """A part of a report: its title, and its numbers with their names."""

    title: Markup
    rows: tuple[tuple[Markup, Markup], ...]


def sections(report: Report) -> Iterator[SectionText]:
    """Yield the parts of a report as they are shown."""
    for title, lines in groupby(render.lines(report), lambda line: line.section):
        rows = tuple((_name(line), count(line.number)) for line in lines)
        yield SectionText(t(title), rows)


def number_name(name: str) -> Markup:
    """Return a number by its section and name, as in a list of differences."""
    section = name.partition(".")[0]
    return Markup("{}: {}").format(
        t(labels.SECTIONS.get(section, section)), _named(*labels.label(name))
    )


def word(text: str) -> Markup:
    """Return a word of a table in the reader's words; the site's own ones stand as they are."""
    if text in set(Sex):
        return sex_name(Sex(text))
    if text in visit_words.OUTCOMES:
        return t(visit_words.OUTCOMES[text].label)
    if text in _AGES:
        sentence, *years = _AGES[text]
        named = dict(zip(("least", "most"), map(count, years), strict=False))
        return t(sentence, **named)
    if text in _WORDS:
        return t(_WORDS[text])
    return own_words(text.replace("-", " ").replace("_", " "))


def _name(line: render.Line) -> Markup:
    return _named(line.label, line.words)


def _named(label: str, words: str) -> Markup:
    parts = [t(label)] if label else []
    parts += [_part(part) for part in words.split(".") if part]
    return Markup(" · ").join(parts)


def _part(text: str) -> Markup:
    return ltr(text) if text[:4].isdigit() else word(text)


def quality(found: Quality, names: Mapping[str, str]) -> list[Markup]:
    """Return what is said of the quality of a month's data; `names` are the staff by id."""
    said = [
        t(
            N_("%(typed)s of %(all)s values were typed by hand (%(share)s in a hundred)."),
            typed=count(found.typed),
            all=count(found.readings),
            share=count(found.typed_share),
        ),
        t(
            N_("Of %(all)s visits, %(empty)s have no value and %(open)s no outcome."),
            all=count(found.visits),
            empty=count(found.without_reading),
            open=count(found.without_outcome),
        ),
    ]
    return [
        *said,
        *(_digits(row, names) for row in found.digits if row.values >= LEAST),
        *(_drift(row) for row in found.drifts if row.stands_out),
    ]


def _digits(row: EndDigits, names: Mapping[str, str]) -> Markup:
    fair = N_("%(who)s: %(share)s in a hundred pressures end with zero or five.")
    rounded = N_("%(who)s: %(share)s in a hundred pressures end with zero or five. Rounded?")
    who = row.source if row.is_device else names.get(row.source, "–")
    return t(rounded if row.stands_out else fair, who=own_words(who), share=count(row.round_share))


def _drift(row: Drift) -> Markup:
    return t(
        N_("%(device)s: %(value)s was %(was)s on average, is %(now)s. Have it checked."),
        device=own_words(row.device),
        value=vital_name(row.code),
        was=ltr(row.past_mean),
        now=ltr(row.mean),
    )
