"""Closed months: the numbers of a month are stated once, and changed only by a visible restatement.

What comes later, as from paper or from a correction, changes the report that is computed now; the
closed one stays as it is. Whoever states the month again says why, and the differences are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from edge.feed import replica
from edge.model.clock import TRUSTED, Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused
from edge.model.feed_item import Entity
from edge.reports import box_facts
from edge.reports.core import indicators, months
from edge.reports.core.indicators import Difference, Report
from edge.reports.core.settled import Settled
from edge.store import journal
from edge.store.store import Row, Store

BACK = 3
"""So many months are closed at once that nobody closed, as after a box was off."""

LONGEST_WHY = 200


@dataclass(frozen=True, slots=True)
class Statement:
    """What was stated of a month: at first (`restates` 0), or again, with the reason."""

    month: str
    restates: int
    sha256: str
    report: Report
    why: str
    differences: tuple[Difference, ...]
    wall_ms: int
    actor: str | None


@dataclass(frozen=True, slots=True)
class MonthState:
    """A month as it is counted now, what was stated of it, oldest first, and how the two differ."""

    month: str
    report: Report
    stated: tuple[Statement, ...]
    settled: Settled

    @property
    def closed(self) -> Statement | None:
        """The newest statement, None while the month is open."""
        return self.stated[-1] if self.stated else None

    @property
    def differences(self) -> list[Difference]:
        """How the numbers of now differ from the newest statement."""
        closed = self.closed
        return [] if closed is None else indicators.differences(closed.report, self.report)


@dataclass(frozen=True, slots=True)
class HospitalCount:
    """What the hospital told of the newest statement of a month: whether it counts the same."""

    is_equal: bool
    differences: tuple[Difference, ...] = ()
    more: int = 0
    """So many differences more, which the desk lists."""


def hospital_count(store: Store, closed: Statement | None) -> HospitalCount | None:
    """Return what the hospital counted, None while it has not told of this statement."""
    wanted = f"{store.box_id()}.{closed.month}" if closed else ""
    for item in replica.items(store, Entity.MONTH):
        if closed and item.id == wanted and item.body.get("sha256") == closed.sha256:
            rows = item.body.get("differences")
            found = [tuple(row) for row in rows] if isinstance(rows, list) else []
            more = item.body.get("more")
            left_out = more if isinstance(more, int) else 0
            return HospitalCount(item.body.get("equal") is True, tuple(found), left_out)
    return None


def state(store: Store, month: str) -> MonthState:
    """Return how a month stands."""
    settled = box_facts.settled(store)
    report = indicators.of_settled(settled, month)
    return MonthState(month, report, statements(store, month), settled)


def statements(store: Store, month: str) -> tuple[Statement, ...]:
    """Return what was stated of a month, oldest first."""
    rows = store.rows("SELECT * FROM month_statement WHERE month = ? ORDER BY restates", (month,))
    return tuple(_statement(row) for row in rows)


def close(store: Store, now: Stamp, month: str, actor: str | None) -> Statement:
    """Close a month that is over; raises `ActionRefused` ("open", "closed")."""
    if month >= box_facts.today(store, now)[:7]:
        raise ActionRefused("open", f"{month} is not over yet")
    report = box_facts.report(store, month)
    with store.transaction():
        if statements(store, month):
            raise ActionRefused("closed", f"{month} is closed already")
        return _write(store, now, report, actor)


def restate(store: Store, now: Stamp, month: str, why: str, actor: str | None) -> Statement:
    """State a closed month again; raises `ActionRefused` ("not-closed", "why", "same")."""
    why = " ".join(why.split())[:LONGEST_WHY]
    report = box_facts.report(store, month)
    with store.transaction():
        stated = statements(store, month)
        if not stated:
            raise ActionRefused("not-closed", f"{month} was not closed yet")
        if not why:
            raise ActionRefused("why", "say why the month is stated again")
        if stated[-1].sha256 == indicators.sha256(report):
            raise ActionRefused("same", f"the numbers of {month} are as they were stated")
        return _write(store, now, report, actor, stated[-1], why)


def close_due(store: Store, now: Stamp, close_day: int) -> list[str]:
    """Close by itself what is over and has passed `close_day` of the next month; 0: never.

    Returns the months. A clock that nobody vouched for closes nothing.
    """
    today = box_facts.today(store, now)
    if not close_day or now.quality not in TRUSTED:
        return []
    last = 1 if int(today[8:]) >= close_day else 2
    first = box_facts.first_month(store)
    wanted = [months.before(today[:7], back) for back in range(last + BACK - 1, last - 1, -1)]
    done = []
    for month in wanted:
        if first and month >= first and not statements(store, month):
            close(store, now, month, None)
            done.append(month)
    return done


def _write(
    store: Store,
    now: Stamp,
    report: Report,
    actor: str | None,
    was: Statement | None = None,
    why: str = "",
) -> Statement:
    month, text = str(report["month"]), indicators.canonical(report).decode("utf-8")
    changed = [] if was is None else indicators.differences(was.report, report)
    differences = json.dumps(changed)
    restates = 0 if was is None else was.restates + 1
    digest = indicators.sha256(report)
    body: dict[str, object] = {"month": month, "sha256": digest, "report": text}
    if restates:
        body |= {"restates": restates, "why": why, "differences": differences}
    entry = journal.append(store, EntryKind.MONTH, now, body, actor=actor)
    store.execute(
        "INSERT INTO month_statement (month, restates, entry, sha256, report, why, differences,"
        " wall_ms, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (month, restates, entry, digest, text, why, differences, now.wall_ms, actor),
    )
    return statements(store, month)[-1]


def _statement(row: Row) -> Statement:
    return Statement(
        row["month"],
        row["restates"],
        row["sha256"],
        json.loads(row["report"]),
        row["why"],
        tuple((name, was, now) for name, was, now in json.loads(row["differences"])),
        row["wall_ms"],
        row["actor"],
    )
