"""Commands are carried out once, in order, and answered in the journal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.feed import command_log
from edge.model.bounds import MAX_COUNT
from edge.model.clock import Clock
from edge.model.command import Command
from edge.store import journal
from edge.store.store import Store
from sync.box.commands import apply_command
from sync.core.command import decode_command, encode_command
from sync.core.wire import MessageError


def command(counter: int, kind: str = "ping") -> Command:
    return Command(f"c{counter}", counter, kind, {"why": "test"})


def test_a_command_is_answered_in_the_journal(store: Store, clock: Clock) -> None:
    assert apply_command(store, clock.now(), encode_command(command(5))) == "done"
    [(_, entry)] = journal.since(store, 0)
    assert entry.kind == "command"
    assert entry.body == {"command": "c5", "order": "ping", "outcome": "done"}


def test_a_replay_and_an_older_one_do_nothing(store: Store, clock: Clock) -> None:
    done: list[str] = []

    def note(one: Command) -> str:
        done.append(one.id)
        return "done"

    for counter in (5, 5, 4, 6, 5):
        command_log.carry_out(store, clock.now(), command(counter, "note"), {"note": note})
    assert done == ["c5", "c6"]
    assert len(journal.since(store, 0)) == 2


def test_what_is_not_understood_is_answered_and_a_failing_one_is_not(
    store: Store, clock: Clock
) -> None:
    assert command_log.carry_out(store, clock.now(), command(1, "dance"), {}) == command_log.UNKNOWN

    def fail(_one: Command) -> str:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        command_log.carry_out(store, clock.now(), command(2, "fail"), {"fail": fail})
    assert command_log.last(store) == 1


@given(
    st.builds(
        Command,
        st.text("abc", min_size=1, max_size=9),
        st.integers(0, MAX_COUNT),
        st.text("xyz", max_size=9),
        st.dictionaries(st.text("k", max_size=3), st.none() | st.booleans() | st.text("v")),
    )
)
def test_a_command_survives_its_bytes(told: Command) -> None:
    assert decode_command(encode_command(told)) == told


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MessageError):
        decode_command(data)
