"""What became of the rules' tables: signed, loaded, refused, made more cautious here, failed.

Each is a journal entry `rule`, written when it changes, so that the hospital knows by which version
each clinic judges. A table that is refused or a rule that fails is an issue of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.rules.table import RuleTable
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
    """Write an event to the journal unless it is the last that was written of its table.

    One durable transaction; returns whether it was written.
    """
    known = store.row("SELECT * FROM rule_state WHERE rule = ?", (event.rule,))
    state = (event.version, event.sha256, event.what, event.why)
    if known is not None and state == tuple(known)[1:]:
        return False
    body = {name: getattr(event, name) for name in ("rule", "version", "sha256", "what")}
    body |= {name: text for name in ("by", "why") if (text := getattr(event, name))}
    with store.transaction():
        journal.append(store, EntryKind.RULE, now, body, actor=actor)
        store.execute(
            "INSERT INTO rule_state (rule, version, sha256, what, why) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (rule) DO UPDATE SET version = excluded.version,"
            " sha256 = excluded.sha256, what = excluded.what, why = excluded.why",
            (event.rule, *state),
        )
    return True


def note_loaded(store: Store, now: Stamp, rule: RuleTable) -> None:
    """Write down which version of a table is in use, when it is another than before."""
    known = store.row("SELECT version, sha256 FROM rule_state WHERE rule = ?", (rule.id,))
    if known is None or tuple(known) != (rule.version, rule.sha256):
        note(store, now, RuleEvent(rule.id, rule.version, rule.sha256, LOADED))


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
