"""Signing in with a PIN: right, wrong, locked, idle, restarted."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from hand_clock import HandClock

from edge.model.errors import InvalidForm, NotFound, SettingsError
from edge.staff import audit, lockout, pins, staff
from edge.staff.staff import NameLocked, Role, SignedIn, Staff, WrongPin
from edge.store import journal
from edge.store.store import Store

PEPPER = bytes(range(32))
RIGHT, WRONG = "482915", "482916"


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def amina(store: Store, hand: HandClock) -> Staff:
    return staff.add(store, hand.now(), " Amina  Bibi", "worker", RIGHT, PEPPER, actor="t1")


def try_pin(
    store: Store, hand: HandClock, who: Staff, pin: str
) -> SignedIn | WrongPin | NameLocked:
    return staff.sign_in(store, hand, PEPPER, who.id, pin)


def lock(store: Store, hand: HandClock, who: Staff) -> NameLocked:
    answers = [try_pin(store, hand, who, WRONG) for _ in range(5)]
    assert answers[:4] == [WrongPin(4), WrongPin(3), WrongPin(2), WrongPin(1)]
    assert isinstance(answers[4], NameLocked)
    return answers[4]


def sign_ins(store: Store) -> list[tuple[object, str | None]]:
    entries = [e for _, e in journal.since(store, 0) if e.kind == "sign-in"]
    return [(e.body["result"], e.actor) for e in entries]


def test_the_right_pin_opens_a_session(store: Store, hand: HandClock, amina: Staff) -> None:
    signed = try_pin(store, hand, amina, RIGHT)
    assert isinstance(signed, SignedIn)
    held = staff.session(store, hand, signed.token)
    assert held == staff.Session(Staff(amina.id, "Amina Bibi", Role.WORKER), signed.csrf)
    assert sign_ins(store) == [("signed-in", amina.id)]
    staff.sign_out(store, hand, signed.token)
    assert staff.session(store, hand, signed.token) is None
    staff.sign_out(store, hand, signed.token)
    assert sign_ins(store) == [("signed-in", amina.id), ("signed-out", amina.id)]


def test_digits_of_any_script_are_the_same_pin(store: Store, hand: HandClock, amina: Staff) -> None:
    assert isinstance(try_pin(store, hand, amina, "۴۸۲۹۱۵"), SignedIn)
    assert isinstance(try_pin(store, hand, amina, "४८२९१५"), SignedIn)


def test_locks_grow_and_the_right_pin_does_not_open_them(
    store: Store, hand: HandClock, amina: Staff
) -> None:
    for seconds in (60, 300, 900, 3600, 3600):
        assert lock(store, hand, amina) == NameLocked(seconds)
        hand.advance(seconds - 1)
        assert try_pin(store, hand, amina, RIGHT) == NameLocked(1)
        hand.advance(1)
    assert isinstance(try_pin(store, hand, amina, RIGHT), SignedIn)
    assert try_pin(store, hand, amina, WRONG) == WrongPin(4)
    assert sign_ins(store).count(("locked", None)) == 5
    assert sign_ins(store).count(("wrong-pin", None)) == 26


def test_a_restart_neither_opens_a_lock_nor_prolongs_it_for_ever(
    store: Store, hand: HandClock, amina: Staff
) -> None:
    lock(store, hand, amina)
    hand.restart(t_ms=20_000)
    assert try_pin(store, hand, amina, RIGHT) == NameLocked(40)
    hand.advance(40)
    assert isinstance(try_pin(store, hand, amina, RIGHT), SignedIn)


def test_a_lock_that_has_passed_is_not_restarted_by_a_later_boot(
    store: Store, hand: HandClock, amina: Staff
) -> None:
    lock(store, hand, amina)
    assert lockout.release_passed(store, hand.now()) == 0
    assert lockout.release_passed(store, hand.advance(61)) == 1
    hand.restart()
    assert isinstance(try_pin(store, hand, amina, RIGHT), SignedIn)


def test_guesses_at_the_same_moment_all_count(
    tmp_path: Path, store: Store, hand: HandClock, amina: Staff
) -> None:
    answers: list[object] = []

    def guess() -> None:
        own = Store.open(tmp_path / "box.db")
        answers.append(staff.sign_in(own, hand, PEPPER, amina.id, WRONG))
        own.close()

    threads = [Thread(target=guess) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 9
    assert sum(isinstance(a, WrongPin) for a in answers) == 4
    assert isinstance(try_pin(store, hand, amina, RIGHT), NameLocked)


def test_a_session_ends_when_idle_and_after_a_shift(
    store: Store, hand: HandClock, amina: Staff
) -> None:
    idle = try_pin(store, hand, amina, RIGHT)
    assert isinstance(idle, SignedIn)
    hand.advance(170)
    assert staff.session(store, hand, idle.token, touch=False) is not None
    hand.advance(30)
    assert staff.session(store, hand, idle.token) is None
    busy = try_pin(store, hand, amina, RIGHT)
    assert isinstance(busy, SignedIn)
    for _ in range(12 * 30):
        hand.advance(120)
        assert staff.session(store, hand, busy.token) is not None
    hand.advance(1)
    assert staff.session(store, hand, busy.token) is None


def test_a_session_ends_with_the_boot_and_tokens_are_not_stored(
    store: Store, hand: HandClock, amina: Staff
) -> None:
    signed = try_pin(store, hand, amina, RIGHT)
    assert isinstance(signed, SignedIn)
    assert store.row("SELECT 1 FROM session WHERE token_hash = ?", (signed.token,)) is None
    hand.restart(t_ms=1_000_000)
    assert staff.session(store, hand, signed.token) is None
    assert staff.session(store, hand, "") is None


def test_a_new_pin_ends_sessions_and_locks(store: Store, hand: HandClock, amina: Staff) -> None:
    signed = try_pin(store, hand, amina, RIGHT)
    assert isinstance(signed, SignedIn)
    lock(store, hand, amina)
    staff.set_pin(store, hand.now(), amina.id, "905173", PEPPER, actor="t1")
    assert staff.session(store, hand, signed.token) is None
    assert try_pin(store, hand, amina, RIGHT) == WrongPin(4)
    assert isinstance(try_pin(store, hand, amina, "905173"), SignedIn)


def test_somebody_dismissed_cannot_sign_in(store: Store, hand: HandClock, amina: Staff) -> None:
    signed = try_pin(store, hand, amina, RIGHT)
    assert isinstance(signed, SignedIn)
    assert staff.members(store) == [amina]
    staff.dismiss(store, hand.now(), amina.id, actor="t1")
    assert staff.members(store) == []
    assert staff.session(store, hand, signed.token) is None
    with pytest.raises(NotFound):
        try_pin(store, hand, amina, RIGHT)


@pytest.mark.parametrize(
    ("pin", "kind"),
    [("111111", "trivial"), ("123456", "trivial"), ("987654", "trivial"), ("890123", "trivial"),
     ("121212", "trivial"), ("123123", "trivial"), ("135791", "trivial"), ("12345", "format"),
     ("1234567", "format"), ("abcdef", "format"), ("", "format"), ("12345²", "format")],
)  # fmt: skip
def test_weak_pins_are_refused(store: Store, hand: HandClock, pin: str, kind: str) -> None:
    with pytest.raises(InvalidForm) as refused:
        staff.add(store, hand.now(), "Amina", "worker", pin, PEPPER)
    assert refused.value.fields == {"pin": kind}
    assert staff.members(store) == []


@pytest.mark.parametrize(
    ("name", "role", "fields"),
    [(" ", "worker", {"name": "required"}), ("x" * 81, "worker", {"name": "too-long"}),
     ("Amina", "boss", {"role": "unknown"})],
)  # fmt: skip
def test_staff_forms_are_checked(
    store: Store, hand: HandClock, name: str, role: str, fields: dict[str, str]
) -> None:
    with pytest.raises(InvalidForm) as refused:
        staff.add(store, hand.now(), name, role, RIGHT, PEPPER)
    assert refused.value.fields == fields


def test_a_hash_is_bound_to_person_and_box() -> None:
    held = pins.hash_pin("w1", RIGHT, PEPPER)
    assert held.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert pins.is_right(held, "w1", RIGHT, PEPPER)
    assert not pins.is_right(held, "w2", RIGHT, PEPPER)
    assert not pins.is_right(held, "w1", RIGHT, bytes(32))
    assert not pins.is_right("not a hash", "w1", RIGHT, PEPPER)


def test_the_pepper_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(SettingsError, match="healthpost staff renew-pepper"):
        staff.load_pepper(keys)
    pepper = pins.create_pepper(keys)
    assert staff.load_pepper(keys) == pepper
    assert (keys / "pepper").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        pins.create_pepper(keys)
    (keys / "pepper").write_bytes(b"short")
    with pytest.raises(SettingsError, match="5 bytes"):
        staff.load_pepper(keys)
    (keys / "pepper").chmod(0o644)
    with pytest.raises(SettingsError, match="0600"):
        staff.load_pepper(keys)


def test_a_view_of_a_record_is_an_entry(store: Store, hand: HandClock) -> None:
    noted = audit.note_view(store, hand.now(), "p1", "w1", "visit")
    [(position, entry)] = journal.since(store, 0)
    assert position == noted
    assert (entry.kind, entry.actor) == ("view", "w1")
    assert entry.body == {"patient": "p1", "what": "visit"}
