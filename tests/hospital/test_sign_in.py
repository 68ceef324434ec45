"""Accounts of the desk: right, wrong, guessed at."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from archives import open_at

from hospital.accounts import accounts
from hospital.archive import Archive, scalar
from hospital.archive.errors import AccountError

NOW_MS = 1_795_000_000_000
PASSWORD = "ten letters"


@pytest.fixture(autouse=True)
def _doctor(archive: Archive) -> None:
    accounts.put(archive, "doctor", PASSWORD)


def test_the_right_password_admits_and_others_do_not(archive: Archive) -> None:
    assert accounts.admit(archive, "doctor", PASSWORD, NOW_MS)
    assert not accounts.admit(archive, "doctor", "another one", NOW_MS)
    assert not accounts.admit(archive, "nobody", PASSWORD, NOW_MS)
    assert not accounts.admit(archive, "doctor", "", NOW_MS)


def locked_until_ms(archive: Archive) -> int:
    return scalar(archive, "SELECT until_ms AS n FROM account WHERE name = 'doctor'")


def test_guessing_locks_the_name_for_longer_each_time(archive: Archive) -> None:
    for _ in range(accounts.FREE_FAILURES):
        assert not accounts.admit(archive, "doctor", "a wrong guess", NOW_MS)
    assert locked_until_ms(archive) == NOW_MS + accounts.FIRST_LOCK_MS
    assert not accounts.admit(archive, "doctor", PASSWORD, NOW_MS + 1)
    later = NOW_MS + accounts.FIRST_LOCK_MS
    assert not accounts.admit(archive, "doctor", "a wrong guess", later)
    assert locked_until_ms(archive) == later + 2 * accounts.FIRST_LOCK_MS
    assert accounts.admit(archive, "doctor", PASSWORD, later + 2 * accounts.FIRST_LOCK_MS)


def test_a_new_password_replaces_the_old_and_unlocks(archive: Archive) -> None:
    for _ in range(accounts.FREE_FAILURES):
        accounts.admit(archive, "doctor", "a wrong guess", NOW_MS)
    accounts.put(archive, "doctor", "brand new words")
    assert accounts.admit(archive, "doctor", "brand new words", NOW_MS)
    assert not accounts.admit(archive, "doctor", PASSWORD, NOW_MS)


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("x" * 61, PASSWORD), ("a", "9")])
def test_unusable_names_and_passwords_are_refused(
    archive: Archive, name: str, password: str
) -> None:
    with pytest.raises(AccountError):
        accounts.put(archive, name, password)


def test_an_account_exists_or_not(archive: Archive) -> None:
    assert accounts.exists(archive, "doctor")
    assert not accounts.exists(archive, "nobody")


def test_tries_at_the_same_time_are_no_more_tries(archive_address: str, archive: Archive) -> None:
    """Each is counted before its password is looked at, so that they cannot overtake the lock."""
    ready = threading.Barrier(16)

    def guess(number: int) -> bool:
        own = open_at(archive_address)
        ready.wait(timeout=60)
        right = accounts.admit(
            own, "doctor", PASSWORD if number == 15 else f"guess {number}", NOW_MS
        )
        own.close()
        return right

    with ThreadPoolExecutor(16) as pool:
        admitted = list(pool.map(guess, range(16)))
    looked_at = scalar(archive, "SELECT failures AS n FROM account WHERE name = 'doctor'")
    assert looked_at <= accounts.FREE_FAILURES
    assert sum(admitted) <= 1
