"""Writes what the steps of a rule gave as the outputs of its table, and chooses the response.

Of a value that is not known its bounds are written: `total_lower_bound` and `total_upper_bound` of
a number, `band_at_least` of a word or of yes and no.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from edge.rules.assessment import Json, Level, Response, Status
from edge.rules.given_facts import GivenFacts
from edge.rules.possible import Possible, Range, Word, half_up, single
from edge.rules.steps import Steps
from edge.rules.table import Output
from edge.rules.texts import IMPOSSIBLE, INCOMPLETE


def written(
    steps: Steps, given: GivenFacts, status: Status, missing: tuple[str, ...]
) -> dict[str, Json]:
    """Return the result in the shape of tests/vectors/clinical.json."""
    result: dict[str, Json] = {"status": status.value}
    if missing:
        result["missing"] = list(missing)
    for output in steps.rule.outputs:
        result |= _output(output, steps, missing)
    given.warnings += [c.word for c in steps.rule.cautions if steps.must_meet(c.when)]
    return result | notes(given)


def notes(given: GivenFacts) -> dict[str, Json]:
    """Return what is said beside a result: warnings, and why facts were refused."""
    found: dict[str, Json] = {}
    if given.warnings:
        found |= {"warning": given.warnings[0], "warnings": list(given.warnings)}
    return found | ({"refused": dict(given.refused)} if given.refused else {})


def least_response(steps: Steps, given: GivenFacts, status: Status) -> Response | None:
    """Return the response to what is certain of the result, None when there is none.

    That is the mildest possible word where the table orders its words; of words without an order
    only the level is certain. A mild result that is not complete calms nobody: then what is missing
    is asked for.
    """
    if not steps.rule.respond_to:
        return None
    possible = steps.possible(steps.rule.respond_to)
    assert isinstance(possible, frozenset)
    words = [word for word in steps.rule.responses if word in possible]
    if not words:
        return None
    is_ordered = steps.rule.respond_to in steps.rule.order
    if is_ordered:
        words.sort(key=lambda word: steps.rule.rank(steps.rule.respond_to, word))
    least = min((steps.rule.responses[word] for word in words), key=lambda one: one.level.rank)
    is_certain = is_ordered or len(words) == 1
    if is_certain and (status is Status.OK or least.level.rank >= Level.SOON.rank):
        return least
    return Response(least.level, IMPOSSIBLE if given.is_impossible else INCOMPLETE)


def _output(output: Output, steps: Steps, missing: tuple[str, ...]) -> dict[str, Json]:
    if output.asked:
        return {output.name: output.asked in missing}
    if output.is_object:
        values = {name: single(steps.possible(of)) for name, of in output.of.items()}
        known = {name: value for name, value in values.items() if value is not None}
        return {output.known_as if missing else output.name: known}
    possible = steps.possible(output.of[output.name])
    value = single(possible)
    if value is None and output.otherwise and possible:
        value = single(steps.possible(output.otherwise))
    result = {output.name: None if value is None else _shown(value, output)}
    return result | dict(_bounds(output, possible, steps)) if missing else result


def _shown(value: Word, output: Output) -> Json:
    if not isinstance(value, Decimal):
        return value
    number = value if output.step is None else half_up(value, output.step)
    return str(number) if output.is_text else number


def _bounds(output: Output, possible: Possible, steps: Steps) -> Iterator[tuple[str, Json]]:
    """Yield what is certain of a step's value, by the names that it has in the result."""
    of = output.of[output.name]
    if isinstance(possible, Range) or not possible or of in steps.rule.inputs:
        return
    numbers = [value for value in possible if isinstance(value, Decimal)]
    if numbers and len(possible) > 1:
        yield f"{output.name}_lower_bound", _shown(min(numbers), output)
        yield f"{output.name}_upper_bound", _shown(max(numbers), output)
    elif not numbers and (of in steps.rule.order or all(isinstance(v, bool) for v in possible)):
        least = min(possible, key=lambda value: steps.rule.rank(of, value))
        yield output.known_as or f"{output.name}_at_least", _shown(least, output)
