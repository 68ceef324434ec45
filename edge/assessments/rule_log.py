"""What became of the rules' tables: signed, loaded, refused, made more cautious here, failed.

Each is a journal entry `rule`, written when it changes, so that the hospital knows by which version
each clinic judges. A table that is refused or a rule that fails is an issue of the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.rules.library import Library
from edge.rules.table import Reviewer, RuleTable
from edge.store import issues, journal
from edge.store.store import Store

SIGNED, LOADED, REFUSED, OVERRIDE, FAILED = "signed", "loaded", "refused", "override", "failed"
FAILED_ISSUE, REFUSED_ISSUE = "rule-failed", "rule-refused"


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """What became of one version of a table; `by` signed it, `why` says the reason in words."""

    rule: str
    version: str
    sha256: str
    what: str
    by: str = ""
    why: str = ""


def note(store: Store, now: Stamp, event: RuleEvent, *, actor: str | None = None) -> bool:
    """Write an event to the journal unless it was the last of its kind of this table.

    One durable transaction; returns whether it was written.
    """
    known = store.row(
        "SELECT version, sha256 FROM rule_state WHERE rule = ? AND what = ? AND why = ?",
        (event.rule, event.what, event.why),
    )
    if known is not None and tuple(known) == (event.version, event.sha256):
        return False
    body = {name: getattr(event, name) for name in ("rule", "version", "sha256", "what")}
    body |= {name: text for name in ("by", "why") if (text := getattr(event, name))}
    with store.transaction():
        journal.append(store, EntryKind.RULE, now, body, actor=actor)
        store.execute(
            "INSERT OR REPLACE INTO rule_state (rule, what, why, version, sha256)"
            " VALUES (?, ?, ?, ?, ?)",
            (event.rule, event.what, event.why, event.version, event.sha256),
        )
    return True


def note_signed(
    store: Store, now: Stamp, rule: RuleTable, by: Reviewer, *, actor: str | None = None
) -> bool:
    """Write down that a clinician signed a table."""
    words = f"{by.name}, {by.role}, {by.date}"
    event = RuleEvent(rule.id, rule.version, rule.sha256, SIGNED, words)
    return note(store, now, event, actor=actor)


def note_library(store: Store, now: Stamp, library: Library) -> None:
    """Write down what is in use that was not before: tables, changes of the site, refusals.

    A refused table is an issue of the box until it is good again.
    """
    for rule in library.rules.values():
        note(store, now, RuleEvent(rule.id, rule.version, rule.sha256, LOADED))
    for change in library.overrides:
        rule = library.rules[change.rule]
        why = f"{change.what}: {change.why}"
        event = RuleEvent(rule.id, rule.version, rule.sha256, OVERRIDE, change.by, why)
        note(store, now, event)
    refused = {Path(error.file).stem: str(error) for error in library.refusals}
    for name, why in refused.items():
        issues.note(store, now, REFUSED_ISSUE, name, why)
        note(store, now, RuleEvent(name, "", "", REFUSED, why=why))
    for issue in issues.current(store):
        if issue.kind == REFUSED_ISSUE and issue.subject not in refused:
            _forget_refusal(store, issue.subject)


def _forget_refusal(store: Store, name: str) -> None:
    with store.transaction():
        issues.clear(store, REFUSED_ISSUE, name)
        store.execute("DELETE FROM rule_state WHERE rule = ? AND what = ?", (name, REFUSED))


def failing(store: Store) -> frozenset[str]:
    """Return the rules that failed when they judged last."""
    sql = "SELECT subject FROM condition WHERE kind = ?"
    return frozenset(row["subject"] for row in store.rows(sql, (FAILED_ISSUE,)))


def note_failure(store: Store, now: Stamp, rule: RuleTable) -> None:
    """Note that a rule failed: an issue of the box, and a word in the journal."""
    issues.note(store, now, FAILED_ISSUE, rule.id, rule.version)
    note(store, now, RuleEvent(rule.id, rule.version, rule.sha256, FAILED))


def note_success(store: Store, rule: RuleTable) -> None:
    """Note that a rule that failed judges again."""
    issues.clear(store, FAILED_ISSUE, rule.id)
    store.execute("DELETE FROM rule_state WHERE rule = ? AND what = ?", (rule.id, FAILED))
