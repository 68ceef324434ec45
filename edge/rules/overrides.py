"""Where a site is more cautious than a rule: an earlier alert, a higher level, never the reverse.

`overrides.toml` in the site's folder has one `[[override]]` for each:

    [[override]]
    rule = "bp_grade_adult"
    by = "Dr Amina Khan, district physician"
    why = "Follow-up is hard here in the rainy season."
    response = "grade1"      # a higher level, a shorter recheck, or a clinician
    level = "urgent"

    [[override]]
    rule = "news2"
    by = "…"
    why = "…"
    lookup = "hr_points"     # other bands of one lookup
    bands = [{ most = 50, gives = 3 }, …]

The changes that held last are kept; they go on while the file cannot be read or a row is refused.

What a change of bands does is worked out for every value that the other steps can have
(`edge/rules/caution.py`): one that lowers a level anywhere is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import tomlkit

from edge.rules import bands as band_rows
from edge.rules.assessment import Level, Response, plain
from edge.rules.caution import less_cautious
from edge.rules.table import Lookup, RuleTable
from edge.rules.table_checks import check_bands
from edge.rules.table_rows import Row, TableError, parse
from edge.store import durable


@dataclass(frozen=True, slots=True)
class Override:
    """One change of a site that holds: of which rule, what of it, by whom and why."""

    rule: str
    what: str
    by: str
    why: str


def applied(
    rules: Mapping[str, RuleTable], file: Path, good: Path, refusals: list[TableError]
) -> tuple[Mapping[str, RuleTable], tuple[Override, ...]]:
    """Return the rules with a site's changes, and these; what is refused is added to `refusals`.

    `good` is the copy of the changes that held last. While something of the file is refused, those
    of them that the file does not replace go on.
    """
    changed, held, kept = dict(rules), list[Override](), dict[str, Row]()

    def take(row: Row) -> None:
        rule, override = _apply(changed, row)
        changed[rule.id] = _marked(rule, row)
        held.append(override)

    refused, unread = list[TableError](), list[TableError]()
    for row in _rows(file, refused):
        try:
            take(row)
            kept[_key(row)] = row
        except TableError as error:
            refused.append(error)
    for row in _rows(good, unread) if refused else ():
        if kept.setdefault(_key(row), row) is row:
            with suppress(TableError):
                take(row)
    if not unread and (kept or good.exists()):
        _keep(good, kept.values())
    refusals.extend(refused)
    return changed, tuple(held)


def _rows(file: Path, refusals: list[TableError]) -> Iterator[Row]:
    try:
        whole = parse(file.read_text("utf-8"), file.name)
        whole.only("override")
        yield from whole.rows("override")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        refusals.append(TableError(file.name, 1, "it cannot be read"))
    except TableError as error:
        refusals.append(error)


def _keep(good: Path, rows: Iterable[Row]) -> None:
    """Keep a copy of the changes that hold, where there is room for it."""
    text = "\n".join(tomlkit.dumps({"override": [_table(row)]}) for row in rows)
    with suppress(OSError):
        if not good.exists() or good.read_text("utf-8") != text:
            durable.make_folder(good.parent)
            durable.replace(good, text.encode())


def _table(row: Row) -> dict[str, object]:
    """Return what a row says, its lists and tables last, as TOML wants it."""
    table: dict[str, object] = plain(row.table)
    return dict(sorted(table.items(), key=lambda item: isinstance(item[1], list | dict)))


def _key(row: Row) -> str:
    """Return what a row changes: rows of one key replace one another."""
    names = sorted(row.table.keys() - {"by", "why"})
    said = {name: row.table.get(name) for name in ("rule", "response", "lookup", "when")}
    return json.dumps([names, plain(said)], sort_keys=True, default=str)


def _marked(rule: RuleTable, row: Row) -> RuleTable:
    """Return a changed rule with a version and a hash of its own."""
    text = json.dumps(_table(row), sort_keys=True, default=str)
    digest = hashlib.sha256(f"{rule.sha256}\n{text}".encode()).hexdigest()
    version = rule.version if rule.version.endswith("+site") else f"{rule.version}+site"
    return replace(rule, version=version, sha256=digest)


def _apply(rules: Mapping[str, RuleTable], row: Row) -> tuple[RuleTable, Override]:
    rule = rules.get(row.text("rule"))
    if rule is None:
        raise row.wrong(f'there is no rule "{row.text("rule")}"', "rule")
    changed = _with_response(rule, row) if row.has("response") else _with_bands(rule, row)
    what = row.text("response", "") or row.text("lookup")
    return changed, Override(rule.id, what, row.text("by"), row.text("why"))


def _with_response(rule: RuleTable, row: Row) -> RuleTable:
    row.only("rule", "by", "why", "response", "level", "recheck_min", "escalate")
    word = row.word("response")
    before = rule.responses.get(word)
    if before is None:
        raise row.wrong(f'"{rule.id}" has no response to {band_rows.shown(word)}', "response")
    level = row.text("level", before.level.value)
    if level not in tuple(Level):
        raise row.wrong(f'"level" must be one of {", ".join(Level)}', "level")
    after = replace(
        before,
        level=Level(level),
        recheck_min=row.whole("recheck_min") if row.has("recheck_min") else before.recheck_min,
        escalate=row.flag("escalate") if row.has("escalate") else before.escalate,
    )
    _refuse_milder(before, after, row)
    return replace(rule, responses={**rule.responses, word: after})


def _refuse_milder(before: Response, after: Response, row: Row) -> None:
    if after.level.rank < before.level.rank:
        raise row.wrong(
            f"a site may only be more cautious: {after.level} is less than {before.level}", "level"
        )
    minutes, earlier = before.recheck_min, after.recheck_min
    if minutes is not None and earlier is not None and earlier > minutes:
        text = f"a site may only be more cautious: the recheck is after {minutes} minutes"
        raise row.wrong(text, "recheck_min")
    if before.escalate and not after.escalate:
        raise row.wrong("a site may only be more cautious: a clinician is asked", "escalate")


def _with_bands(rule: RuleTable, row: Row) -> RuleTable:
    row.only("rule", "by", "why", "lookup", "when", "bands")
    step = rule.steps.get(row.text("lookup"))
    when = band_rows.conditions(row)
    variants = [v for v in step.variants if v.when == when] if isinstance(step, Lookup) else []
    if not isinstance(step, Lookup) or len(variants) != 1 or not variants[0].of:
        raise row.wrong(f'"{rule.id}" has no such lookup', "lookup")
    bands = tuple(band_rows.read_band(band, band.word("gives")) for band in row.rows("bands"))
    if not bands:
        raise row.wrong('"bands" is missing', "bands")
    before, after = variants[0], replace(variants[0], bands=bands)
    check_bands(rule, step.name, after, row)
    lookup = Lookup(step.name, tuple(after if v is before else v for v in step.variants))
    milder = less_cautious(rule, step.name, before, after)
    if milder:
        raise row.wrong(f"a site may only be more cautious: {milder}", "bands")
    return replace(rule, steps={**rule.steps, step.name: lookup})
