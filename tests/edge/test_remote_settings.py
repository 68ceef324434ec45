"""Settings from afar: a short list takes effect, everything else is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.feed import replica
from edge.model.clock import Clock
from edge.model.entry import EntryKind
from edge.model.feed_item import Change, Cursor
from edge.settings import remote_settings
from edge.settings.box_settings import Settings
from edge.store import journal
from edge.store.store import Store

OWN = Settings(home=Path("/nowhere"), box_id="box", clinic="Thar", daily_kb_files=5)


def tell(store: Store, ver: int, key: str, value: object) -> None:
    body = None if value is None else {"value": value}
    replica.apply(store, [Change(ver, "setting", key, ver, body)], Cursor(1, ver))


def said(store: Store) -> list[tuple[object, object]]:
    found = [e for _, e in journal.since(store, 0) if e.kind == EntryKind.SETTING]
    return [(e.body["key"], e.body["outcome"]) for e in found]


def test_what_is_on_the_list_holds_until_it_is_taken_back(store: Store) -> None:
    tell(store, 1, "kiosk.language", "ur")
    tell(store, 2, "link.daily_kb_clinical", 900)
    tell(store, 3, "link.daily_kb_files", 0)
    tell(store, 4, "box.retention_days", 45)
    now = remote_settings.effective(OWN, store)
    kilobytes = {"daily_kb_clinical": 900, "daily_kb_files": 0}
    assert now == replace(OWN, language="ur", retention_days=45, **kilobytes)
    assert now.daily_bytes == {"clinical": 900_000}
    for ver, key in enumerate(("kiosk.language", "link.daily_kb_files"), start=5):
        tell(store, ver, key, None)
    now = remote_settings.effective(OWN, store)
    assert (now.language, now.daily_bytes["files"]) == ("en", 5000)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("link.broker_host", "evil.example"),
        ("devices.bluetooth_restart", "rm -rf /"),
        ("box.id", "other"),
        ("kiosk.language", "xx"),
        ("kiosk.language", 1),
        ("box.retention_days", 1),
        ("box.retention_days", True),
        ("box.retention_days", "90"),
        ("link.retry_cap_s", 10**9),
    ],
)
def test_what_is_not_on_the_list_or_beyond_it_changes_nothing(
    store: Store, clock: Clock, key: str, value: object
) -> None:
    tell(store, 1, key, value)
    assert remote_settings.effective(OWN, store) == OWN
    assert remote_settings.answer(store, clock.now()) == 1
    [entry] = [e for _, e in journal.since(store, 0) if e.kind == EntryKind.SETTING]
    assert entry.body["outcome"] == "refused"
    assert entry.body["why"] == remote_settings.problem(key, value)


def test_each_revision_is_answered_once(store: Store, clock: Clock) -> None:
    tell(store, 1, "kiosk.language", "ur")
    assert remote_settings.answer(store, clock.now()) == 1
    assert remote_settings.answer(store, clock.now()) == 0
    tell(store, 2, "kiosk.language", "zh")
    assert remote_settings.answer(store, clock.now()) == 1
    assert said(store) == [("kiosk.language", "applied")] * 2


@given(
    st.sampled_from([*remote_settings.rules(), "x", ""]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.integers()),
)
def test_whatever_is_allowed_can_be_set(key: str, value: object) -> None:
    if remote_settings.problem(key, value) is None:
        assert isinstance(remote_settings._set(OWN, key, value), Settings)


def test_every_rule_names_a_setting_that_exists() -> None:
    for key, rule in remote_settings.rules().items():
        value: object = rule.choices[-1] if rule.choices else rule.most
        assert remote_settings._set(OWN, key, value) != OWN, key


def test_a_text_is_taken_as_it_is_and_whom_to_call_follows_from_it(store: Store) -> None:
    assert OWN.danger_phone == ""
    tell(store, 1, "site.hospital_phone", "0232 261111")
    assert remote_settings.effective(OWN, store).danger_phone == "0232 261111"
    tell(store, 2, "site.doctor_phone", "0301 5550142")
    assert remote_settings.effective(OWN, store).danger_phone == "0301 5550142"
    for ver, wrong in enumerate((5, "x" * 41, "a\nb", None, ["1"]), start=3):
        tell(store, ver, "site.doctor_phone", wrong)
        assert remote_settings.effective(OWN, store).danger_phone == "0232 261111"
