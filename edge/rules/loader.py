"""Reads the table of a rule and checks it; what is wrong is said with the file and the line.

What may be wrong in a row is checked where the row is read; what may be wrong between rows, such as
a name that nothing gives, in `edge/rules/table_checks.py`.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal

from edge.rules import bands as band_rows
from edge.rules.assessment import Level, Response
from edge.rules.facts import BY_NAME, Fact, FactType
from edge.rules.formulas import FORMULAS, MONOTONE
from edge.rules.possible import Word
from edge.rules.table import (
    Alias,
    Band,
    Caution,
    Combination,
    Combine,
    Condition,
    Formula,
    Input,
    Lookup,
    Output,
    Reviewer,
    RuleTable,
    Step,
    Variant,
    Worse,
)
from edge.rules.table_checks import check
from edge.rules.table_rows import Row, parse

STATUSES = ("draft", "reviewed", "retired")
MISSING = ("bounds", "ask")
_KEYS = (
    *("id", "version", "status", "title", "citations", "licence", "from_memory", "reviewers"),
    *("missing", "respond_to", "applies", "input", "lookup", "formula", "combination", "order"),
    *("output", "response", "caution"),
)


def load(text: str, file: str) -> RuleTable:
    """Return the rule of a table's text; raises `TableError` with `file` and the line."""
    top = parse(text, file)
    top.only(*_KEYS)
    rule = RuleTable(
        id=top.text("id"),
        version=top.text("version"),
        status=_choice(top, "status", STATUSES),
        title=top.text("title"),
        citations=_citations(top),
        licence=top.text("licence"),
        conditions=tuple(_condition(row) for row in top.rows("applies")),
        inputs=_inputs(top),
        steps=_steps(top),
        order={name: top.row("order").words(name) for name in top.row("order").table},
        outputs=tuple(_output(row) for row in top.rows("output")),
        respond_to=top.text("respond_to", ""),
        responses={row.word("to"): _response(row) for row in top.rows("response")},
        bounds=_choice(top, "missing", MISSING) == "bounds",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        cautions=tuple(_caution(row) for row in top.rows("caution")),
        from_memory=top.texts("from_memory"),
        reviewers=tuple(_reviewer(row) for row in top.rows("reviewers")),
        source=text,
    )
    check(rule, top)
    return rule


def _choice(row: Row, key: str, allowed: tuple[str, ...]) -> str:
    value = row.text(key)
    if value not in allowed:
        raise row.wrong(f'"{key}" must be one of {", ".join(allowed)}', key)
    return value


def _citations(top: Row) -> tuple[str, ...]:
    citations = top.texts("citations")
    if not citations:
        raise top.wrong("a rule without a citation is not used: name the guideline", "citations")
    return citations


def _fact(row: Row) -> Fact:
    fact = BY_NAME.get(row.text("fact"))
    if fact is None:
        raise row.wrong(f'no fact is called "{row.text("fact")}"', "fact")
    return fact


def _condition(row: Row) -> Condition:
    row.only("fact", *band_rows.KEYS, "reason", "unknown", "or_fact")
    unknown = row.text("unknown", "ask")
    if unknown not in ("ask", "warn"):
        raise row.wrong('"unknown" must be "ask" or "warn"', "unknown")
    band = band_rows.read_band(row, True)
    other = BY_NAME.get(row.text("or_fact", "")) if row.has("or_fact") else None
    if row.has("or_fact") and (other is None or other.type is not FactType.FLAG):
        raise row.wrong('"or_fact" must be a fact that is yes or no', "or_fact")
    return Condition(_fact(row), band, row.text("reason"), unknown == "ask", other)


def _inputs(top: Row) -> dict[str, Input]:
    inputs: dict[str, Input] = {}
    for row in top.rows("input"):
        if row.text("fact") in inputs:
            raise row.wrong(f'the input "{row.text("fact")}" is there already', "fact")
        inputs[row.text("fact")] = _input(row)
    return inputs


def _input(row: Row) -> Input:
    row.only(
        *("fact", "code", "unit", "step", "max_age_min", "also", "assume", "warning"),
        "must_be_said",
    )
    fact = _fact(row)
    for key, right in (("code", fact.code), ("unit", fact.unit)):
        if row.text(key, "") != right:
            says = f'"{right}"' if right else "none"
            raise row.wrong(f"the {key} of {fact.name} is {says}", key)
    assume = row.word("assume") if row.has("assume") else None
    return Input(
        fact,
        _step_size(row),
        row.whole("max_age_min"),
        tuple(_alias(also) for also in row.rows("also")),
        assume,
        row.text("warning", ""),
        row.flag("must_be_said"),
    )


def _alias(row: Row) -> Alias:
    row.only("name", "unit", "text", "when")
    when = band_rows.conditions(row)
    return Alias(row.text("name"), row.text("unit", ""), row.flag("text"), when)


def _step_size(row: Row) -> Decimal | None:
    step = row.number("step")
    if step is not None and (step > 1 or step.as_tuple().digits != (1,)):
        raise row.wrong('"step" must be 1, 0.1, 0.01 or less', "step")
    return step


def _steps(top: Row) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for row in top.rows("lookup"):
        name, variant = row.text("name"), _variant(row)
        before = steps.get(name)
        variants = before.variants if isinstance(before, Lookup) else ()
        steps[name] = Lookup(name, (*variants, variant))
    for row in (*top.rows("combination"), *top.rows("formula")):
        name = row.text("name")
        if name in steps:
            raise row.wrong(f'"{name}" is there already', "name")
        steps[name] = _formula(row) if row.path[0] == "formula" else _combination(row)
    return steps


def _variant(row: Row) -> Variant:
    row.only("name", "when", "of", "step", "bands", "gives", "worse")
    when = band_rows.conditions(row)
    if row.has("gives"):
        row.only("name", "when", "gives")
        return Variant("", (Band(row.word("gives")),), when)
    of = row.text("of")
    rows = row.rows("bands")
    if not rows:
        raise row.wrong('"bands" is missing', "bands")
    for band in rows:
        band.only(*band_rows.KEYS, "gives")
    bands = tuple(band_rows.read_band(band, band.word("gives")) for band in rows)
    worse = Worse(_choice(row, "worse", tuple(Worse))) if row.has("worse") else None
    return Variant(of, bands, when, _step_size(row), worse)


def _combination(row: Row) -> Combination:
    row.only("name", "combine", "of", "equals")
    combine = Combine(_choice(row, "combine", tuple(Combine)))
    equals: Word | None = row.word("equals") if row.has("equals") else None
    if (equals is None) != (combine in (Combine.SUM, Combine.MAX)):
        raise row.wrong('"equals" belongs to "any" and "count", and these need it', "equals")
    return Combination(row.text("name"), combine, _names(row), equals)


def _formula(row: Row) -> Formula:
    row.only("name", "function", "of")
    function = FORMULAS.get(row.text("function"))
    if function is None:
        raise row.wrong(f'no formula is called "{row.text("function")}"', "function")
    is_monotone = row.text("function") in MONOTONE
    return Formula(row.text("name"), function, _names(row), is_monotone)


def _names(row: Row) -> tuple[str, ...]:
    names = row.texts("of")
    if not names:
        raise row.wrong('"of" must name what it is made of', "of")
    return names


def _output(row: Row) -> Output:
    row.only("name", "of", "step", "text", "asked", "known_as", "otherwise", "optional")
    name, of = row.text("name"), row.table.get("of")
    is_object = isinstance(of, dict)
    names = {key: row.row("of").text(key) for key in of} if isinstance(of, dict) else {}
    if not is_object and not row.has("asked"):
        names = {name: row.text("of", name)}
    asked, known_as = row.text("asked", ""), row.text("known_as", "")
    return Output(
        name,
        names,
        is_object,
        _step_size(row),
        row.flag("text"),
        asked,
        known_as,
        row.text("otherwise", ""),
        row.flag("optional"),
    )


def _response(row: Row) -> Response:
    row.only("to", "level", "staff", "patient", "recheck_min", "escalate")
    level = Level(_choice(row, "level", tuple(Level)))
    for key in ("staff", "patient"):
        if "%" in row.text(key, ""):
            raise row.wrong('a sentence says "percent": screens fill in what follows "%"', key)
    texts = row.text("staff"), row.text("patient", "")
    return Response(level, *texts, row.whole("recheck_min"), row.flag("escalate"))


def _caution(row: Row) -> Caution:
    row.only("word", "when")
    return Caution(row.text("word"), band_rows.conditions(row))


def _reviewer(row: Row) -> Reviewer:
    row.only("name", "role", "date")
    return Reviewer(row.text("name"), row.text("role"), row.text("date"))
