"""Judging when a fact such as the age is not known for certain: by the cases that may be true.

Pure, so that box and hospital judge the same facts alike. The engine itself gives what is certain.
Beyond that, an estimated age counts at its worst: the level is the highest at any age that the
estimate allows. A woman of whom nobody said whether she is pregnant is judged as not pregnant by a
rule that is for others only, and the result says that it was not said. How urgent it may be at most
decides whether somebody is asked for the fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from edge.assessments import ages
from edge.rules.assessment import Assessment, Level, Response, Status
from edge.rules.facts import BY_NAME

LIKELY = "age_days_likely"
"""The fact that says for which age somebody is taken whose `age_days` is a range."""

AGE_FACTS = ("age_days", "age_months", "age_years")
PREGNANT, SEX = "pregnant", "sex"
ASKED = frozenset({*AGE_FACTS, SEX, PREGNANT, "temp_site", "position", "glucose_kind"})
"""The facts that are tried in every case while they are not known, and are asked for."""

STEPS = (7, 28, 60, 183, 365, 731, 1826, 3653, 4383, 5844, 6940, 14_610, 27_394)
"""Ages in days around which guidelines change: a week, 28 days, 2, 6, 12 and 24 months, and 5, 10,
12, 16, 19, 40 and 75 years."""

OLDEST_DAYS = 40_000

Facts = Mapping[str, object]
Assess = Callable[[Facts], Assessment]


@dataclass(frozen=True, slots=True)
class Judgement:
    """An assessment, and how urgent it may be once what is not known is known."""

    assessment: Assessment
    possible: Level


def judge(assess: Assess, facts: Facts) -> Judgement:
    """Judge facts by a rule, each uncertain one in every case that may be true."""
    known = {name: fact for name, fact in facts.items() if name != LIKELY}
    said = assess(known)
    said = _asking_for_the_site(said, known)
    unknown = frozenset(said.missing) & ASKED
    if said.status not in (Status.NEEDS_INPUT, Status.INCOMPLETE) or not unknown:
        return Judgement(said, said.level)
    cases = _tried(assess, known, unknown)
    possible = highest(said.level, *(case.level for case in cases))
    if unknown & set(AGE_FACTS) and LIKELY in facts:
        likely = assess({**known, **_age(_days(facts[LIKELY], 0))})
        said = _not_certain(said, [likely, *cases], unknown)
        return Judgement(replace(said, level=possible), possible)
    if unknown == {PREGNANT}:
        without = assess({**known, PREGNANT: False})
        said = _not_certain(said, [without], unknown)
        return Judgement(said, highest(possible, said.level))
    return Judgement(said, possible)


def _asking_for_the_site(said: Assessment, known: Facts) -> Assessment:
    """Name the place of measuring as missing where a rule has only another temperature."""
    if "axillary_temp_c" not in said.missing or "temp_c" not in known:
        return said
    return replace(said, missing=tuple(dict.fromkeys((*said.missing, "temp_site"))))


def response(assess: Assess, facts: Facts) -> Response | None:
    """Return what is to be done by facts as they are most likely; None when nothing is said.

    A rule that is for a pregnant woman only says nothing but that the fact is missing.
    """
    known = {name: fact for name, fact in facts.items() if name != LIKELY}
    if LIKELY in facts:
        known |= _age(_days(facts[LIKELY], 0))
    found = assess(known)
    if PREGNANT in found.missing:
        without = assess({**known, PREGNANT: False})
        found = without if without.responses else found
    return max(found.responses, key=lambda one: one.level.rank, default=None)


def highest(*levels: Level) -> Level:
    """Return the most urgent of levels."""
    return max(levels, key=lambda level: level.rank)


def _not_certain(
    said: Assessment, cases: Sequence[Assessment], unknown: Iterable[str]
) -> Assessment:
    """Return the first case in which the rule judges, marked as not certain; else what was said."""
    judged = (Status.OK, Status.INCOMPLETE)
    case = next((case for case in cases if case.status in judged), None)
    if case is None:
        return said
    missing = tuple(dict.fromkeys((*case.missing, *sorted(unknown))))
    return replace(case, status=Status.INCOMPLETE, missing=missing)


def _tried(assess: Assess, known: Facts, unknown: frozenset[str]) -> list[Assessment]:
    """Judge case by case; nothing more is learnt once one of them is urgent."""
    found: list[Assessment] = []
    for case in _cases(known, unknown):
        found.append(assess(case))
        if found[-1].level.rank >= Level.URGENT.rank:
            break
    return found


def _cases(known: Facts, unknown: frozenset[str]) -> Iterator[Facts]:
    """Yield the facts with every value that what is not known may have."""
    spans: list[dict[str, object]] = [{}]
    if unknown & set(AGE_FACTS):
        spans = [_age(days) for days in ages.between(*_bounds(known.get("age_days")), STEPS)]
    words = sorted(unknown - set(AGE_FACTS))
    choices = [[{name: choice} for choice in _choices(name)] for name in words]
    for case in product(spans, *choices):
        yield {**known, **{name: fact for part in case for name, fact in part.items()}}


def _choices(name: str) -> Sequence[object]:
    """Return what a fact in words, or of yes and no, may be."""
    return BY_NAME[name].choices or (False, True)


def _bounds(days: object) -> tuple[int, int]:
    if isinstance(days, Mapping):
        return _days(days.get("least"), 0), _days(days.get("most"), OLDEST_DAYS)
    return 0, OLDEST_DAYS


def _days(value: object, otherwise: int) -> int:
    """Return a count of days that somebody can be old; nobody vouches for a stored one."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return int(str(value)) if is_count and 0 <= int(str(value)) <= OLDEST_DAYS else otherwise


def _age(days: int) -> dict[str, object]:
    age = ages.of_days(days)
    return dict(zip(AGE_FACTS, (age.days, age.months, age.years), strict=True))
