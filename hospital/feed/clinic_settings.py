"""Remote settings of a clinic's boxes: set, cleared, and answered by each box."""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.feed_item import Entity, Item
from edge.settings import remote_settings
from hospital.archive import Archive, scalar
from hospital.archive.errors import HospitalError
from hospital.entries.facts import SettingFact
from hospital.feed import feed
from hospital.fleet import boxes


@dataclass(frozen=True, slots=True)
class Answer:
    """A box's answer to a setting: "applied", "refused" and why, or "" while there is none."""

    box: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One setting of a clinic; no value: each box has its own. `by` set it at `at_ms`."""

    rule: remote_settings.Rule
    value: str
    by: str
    at_ms: int | None
    answers: tuple[Answer, ...]


def lines(archive: Archive, clinic: str) -> list[Line]:
    """Return every setting that can be made, with its outcome at each box."""
    return [_line(archive, clinic, rule) for rule in remote_settings.rules().values()]


def put(archive: Archive, clinic: str, key: str, text: str, account: str, now_ms: int) -> None:
    """Set something at a clinic's boxes; raises `HospitalError` with the reason in words."""
    rule = remote_settings.rules().get(key)
    is_text = rule is None or bool(rule.choices or rule.longest)
    is_number = not is_text and text.isascii() and text.isdecimal()
    value: object = int(text[:12]) if is_number else text
    why = remote_settings.problem(key, value)
    if why is not None:
        raise HospitalError(why)
    with archive.transaction():
        rev = _next_rev(archive, clinic, key)
        body = {"value": value, "by": account, "at_ms": now_ms}
        feed.put(archive, clinic, Item(Entity.SETTING, key, rev, body))
        _keep(archive, clinic, (key, rev, text), account, now_ms)


def clear(archive: Archive, clinic: str, key: str, account: str, now_ms: int) -> None:
    """Let each box have its own value again."""
    with archive.transaction():
        rev = _next_rev(archive, clinic, key)
        if feed.remove(archive, clinic, Entity.SETTING, key) is not None:
            _keep(archive, clinic, (key, rev, ""), account, now_ms)


def store_answer(archive: Archive, box_id: str, answer: SettingFact, received_ms: int) -> None:
    """Store a box's answer to a setting, inside the caller's transaction; the newest counts."""
    archive.execute(
        "INSERT INTO setting_answer (box, key, rev, outcome, why, received_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (box, key) DO UPDATE SET rev = excluded.rev,"
        " outcome = excluded.outcome, why = excluded.why, received_ms = excluded.received_ms",
        (box_id, answer.key, answer.rev, answer.outcome, answer.why or "", received_ms),
    )


def _line(archive: Archive, clinic: str, rule: remote_settings.Rule) -> Line:
    item = feed.get(archive, clinic, Entity.SETTING, rule.key)
    if item is None:
        return Line(rule, "", "", None, ())
    rows = archive.rows(
        "SELECT b.id, a.outcome, a.why FROM box b"
        " LEFT JOIN setting_answer a ON a.box = b.id AND a.key = ? AND a.rev = ?"
        " WHERE b.clinic = ? AND b.standing = ? ORDER BY b.id",
        (rule.key, item.rev, clinic, boxes.ACTIVE),
    )
    at_ms = item.body.get("at_ms")
    return Line(
        rule,
        str(item.body.get("value", "")),
        str(item.body.get("by", "")),
        at_ms if isinstance(at_ms, int) else None,
        tuple(Answer(r["id"], r["outcome"] or "", r["why"] or "") for r in rows),
    )


def _next_rev(archive: Archive, clinic: str, key: str) -> int:
    feed.lock(archive, clinic)
    sql = "SELECT max(rev) AS n FROM setting_act WHERE clinic = ? AND key = ?"
    return scalar(archive, sql, (clinic, key)) + 1


def _keep(
    archive: Archive, clinic: str, act: tuple[str, int, str], account: str, now_ms: int
) -> None:
    archive.execute(
        "INSERT INTO setting_act (clinic, key, rev, value, account, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (clinic, *act, account, now_ms),
    )
