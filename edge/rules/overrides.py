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

What a change of bands does is worked out for every value that the other steps can have
(`edge/rules/caution.py`): one that lowers a level anywhere is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edge.rules import bands as band_rows
from edge.rules.assessment import Level, Response
from edge.rules.caution import less_cautious
from edge.rules.table import Lookup, RuleTable
from edge.rules.table_checks import check_bands
from edge.rules.table_rows import Row, TableError, parse


@dataclass(frozen=True, slots=True)
class Override:
    """One change of a site that holds: of which rule, what of it, by whom and why."""

    rule: str
    what: str
    by: str
    why: str


def applied(
    rules: Mapping[str, RuleTable], file: Path, refusals: list[TableError]
) -> tuple[Mapping[str, RuleTable], tuple[Override, ...]]:
    """Return the rules with a site's changes, and these; what is refused is added to `refusals`."""
    try:
        text = file.read_text("utf-8")
        rows = parse(text, file.name).rows("override")
    except FileNotFoundError:
        return rules, ()
    except (OSError, UnicodeDecodeError):
        refusals.append(TableError(file.name, 1, "it cannot be read"))
        return rules, ()
    except TableError as error:
        refusals.append(error)
        return rules, ()
    changed, held = dict(rules), []
    for row in rows:
        try:
            rule, override = _apply(changed, row)
        except TableError as error:
            refusals.append(error)
            continue
        changed[rule.id] = _marked(rule, text)
        held.append(override)
    return changed, tuple(held)


def _marked(rule: RuleTable, text: str) -> RuleTable:
    """Return a changed rule with a version and a hash of its own."""
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
