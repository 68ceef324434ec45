"""Settings that the hospital changes through the feed: the `remote` rows of `Settings`, no others.

The feed's items lie over the box's own file: taking one back brings the file's value back. What is
not on the list, or beyond its bounds, changes nothing and is answered with the reason in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from edge.feed import replica
from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.feed_item import Entity, Item
from edge.settings import setting
from edge.settings.box_settings import Settings
from edge.store import journal
from edge.store.store import Store

APPLIED, REFUSED = "applied", "refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting may be: one of `choices`, a whole number from `least` to `most`, or a text.

    A text has at most `longest` characters; 0: it is no text.
    """

    key: str
    words: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    longest: int = 0


@cache
def rules() -> Mapping[str, Rule]:
    """Return the settings that the hospital may change, by key."""
    return {rule.key: rule for rule, _ in _remote().values()}


def problem(key: str, value: object) -> str | None:
    """Return why a setting is refused, in words; None when it may be made."""
    rule = rules().get(key)
    if rule is None:
        return f"{key} can be set at the box only"
    if rule.choices:
        return None if value in rule.choices else f"choose one of {', '.join(rule.choices)}"
    if rule.longest:
        short = isinstance(value, str) and value.isprintable() and len(value) <= rule.longest
        return None if short else f"a text of at most {rule.longest} characters is needed"
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not rule.least <= int(str(value)) <= rule.most:
        return f"a whole number from {rule.least} to {rule.most} is needed"
    return None


def effective(settings: Settings, store: Store) -> Settings:
    """Return the box's settings with what the hospital has set on top of them."""
    for item in replica.items(store, Entity.SETTING):
        value = item.body.get("value")
        if problem(item.id, value) is None:
            settings = _set(settings, item.id, value)
    return settings


def answer(store: Store, now: Stamp) -> int:
    """Answer each setting of the hospital that is not answered yet; return how many."""
    rows = store.rows("SELECT key, rev FROM setting_answer")
    known = {row["key"]: row["rev"] for row in rows}
    fresh = [i for i in replica.items(store, Entity.SETTING) if known.get(i.id) != i.rev]
    if not fresh:
        return 0
    with store.transaction():
        for item in fresh:
            _answer(store, now, item)
    return len(fresh)


def _answer(store: Store, now: Stamp, item: Item) -> None:
    why = problem(item.id, item.body.get("value"))
    body: dict[str, object] = {"key": item.id, "rev": item.rev}
    body |= {"outcome": APPLIED} if why is None else {"outcome": REFUSED, "why": why}
    journal.append(store, EntryKind.SETTING, now, body)
    store.execute(
        "INSERT INTO setting_answer (key, rev) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET rev = excluded.rev",
        (item.id, item.rev),
    )


def _set(settings: Settings, key: str, value: object) -> Settings:
    rule, name = _remote()[key]
    changed: dict[str, object] = {name: value if rule.choices or rule.longest else int(str(value))}
    return replace(settings, **changed)  # type: ignore[arg-type]


@cache
def _remote() -> Mapping[str, tuple[Rule, str]]:
    """Return each rule with the field of `Settings` that it changes, by key."""
    return {
        row.key: (
            Rule(row.key, row.remote.words, row.choices, *_bounds(row.remote)),
            name,
        )
        for name, row in setting.rows(Settings).items()
        if row.remote
    }


def _bounds(remote: setting.Remote) -> tuple[int, int, int]:
    return remote.least, remote.most, remote.longest
