"""`healthpost assess`: judge facts by a clinical rule, one set of facts or line by line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import click

from edge.rules.assessment import Assessment, plain
from edge.rules.engine import assess as judge
from edge.rules.table import RuleTable
from edge.rules.texts import sentence
from provisioning.errors import InputError
from provisioning.output import say, speaks_json
from provisioning.site_rules import rules_here

NOT_A_NUMBER: Final = Decimal("NaN")


@click.command()
@click.argument("rule", required=False)
@click.option("--lines", is_flag=True, help="Read JSON lines on stdin, write JSON lines.")
@speaks_json
def assess(rule: str | None, lines: bool, as_json: bool) -> None:
    """Judge the facts on standard input (one JSON object) by a RULE of `healthpost rules list`.

    With --lines each input line is {"rule", "input"} and each answer {"rule", "result"}; a line
    that cannot be answered is {"rule", "error": {"kind", "message"}}, and the rest goes on. A
    number known only in part is {"least": 400} or {"most": 50}; a glucose may be "HI" or "LO".
    """
    if lines and rule is None:
        sys.exit(_assess_lines(sys.stdin.buffer))
    if lines or rule is None:
        raise InputError("usage", "give the name of a rule, or --lines")
    table = _table(rule, rules_here())
    answer = judge(table, _facts(_parsed(sys.stdin.buffer.read())))
    say(_whole(answer), sentence(answer), as_json)


def _assess_lines(lines: Iterable[bytes]) -> int:
    """Answer line by line; return the exit code."""
    wrong, tables = 0, rules_here()
    for line in lines:
        if not line.strip():
            continue
        name: object = None
        try:
            asked = _parsed(line)
            if not isinstance(asked, dict):
                raise InputError("line", 'a line is {"rule", "input"}')
            name = asked.get("rule")
            result = judge(_table(name, tables), _facts(asked.get("input"))).result
            answer: dict[str, object] = {"rule": name, "result": result}
        except InputError as error:
            wrong += 1
            shown = name if isinstance(name, str) else None
            answer = {"rule": shown, "error": {"kind": error.kind, "message": str(error)}}
        click.echo(json.dumps(plain(answer)))
    return 2 if wrong else 0


def _table(name: object, tables: Mapping[str, RuleTable]) -> RuleTable:
    table = tables.get(name) if isinstance(name, str) else None
    if table is None:
        known = ", ".join(sorted(tables))
        raise InputError("rule", f"there is no rule {_short(name)}; there are {known}")
    return table


def _facts(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError("input", "the facts must be one JSON object")
    return value


def _parsed(text: bytes) -> Any:
    """Return what a JSON text says, its numbers as Decimal; raises `InputError`."""
    try:
        return json.loads(
            text.decode("utf-8"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=lambda _: NOT_A_NUMBER,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError):
        raise InputError("json", "this is no JSON in UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; one that says a thing twice is refused, since one of them is wrong."""
    told = dict(pairs)
    if len(told) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError("input", f"{_short(twice)} is said twice")
    return told


def _number(digits: str) -> Decimal:
    """Return a number; one that no Decimal can hold is none."""
    try:
        return Decimal(digits)
    except ArithmeticError:
        return NOT_A_NUMBER


def _short(name: object) -> str:
    text = repr(name) if isinstance(name, str) else "without a name"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _whole(answer: Assessment) -> dict[str, Any]:
    """Return all of an assessment, for `--json`."""
    whole: dict[str, Any] = plain(dict(_fields(answer)))
    return whole


def _fields(answer: Assessment) -> Iterator[tuple[str, object]]:
    for name in ("rule", "version", "sha256", "draft", "result", "level", "missing", "reason"):
        yield name, getattr(answer, name)
    yield (
        "responses",
        [
            {
                "level": response.level,
                "staff": response.staff,
                "patient": response.patient,
                "recheck_min": response.recheck_min,
                "escalate": response.escalate,
            }
            for response in answer.responses
        ],
    )
    yield "message", sentence(answer)
