"""Bounds of CS/1 that every message and every timer goes through, each at its very edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from edge.model.bounds import LAST_MS, MAX_COUNT
from edge.model.command import Command
from sync.core import (
    Header,
    Hello,
    MessageError,
    Welcome,
    box,
    clones,
    decode,
    encode,
    hospital,
    retry_times,
    topics,
    wire,
)
from sync.core.clones import OpenedSession
from sync.core.command import decode_command, encode_command
from sync.core.header import hello_header
from sync.core.hospital import Admit, HelloArrived, HospitalBox
from sync.core.messages import MAX_LANES
from sync.core.retry_times import next_nonce

# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (wire.count, [0, 1, MAX_COUNT], [-1, MAX_COUNT + 1, True, 1.0, "1", None]),
        (wire.drawn, [0, 2**63 - 1], [-1, 2**63, True]),
        (wire.moment, [0, LAST_MS], [-1, LAST_MS + 1, "1970"]),
        (lambda v: wire.octets(v, 8), [bytes(8)], [bytes(7), bytes(9), "eight by", None]),
        (lambda v: wire.text(v, 4), ["", "four"], ["fives", b"four", 4]),
        (wire.text, ["x" * 200], ["x" * 201]),
        (lambda v: wire.take(int, v), [-5], [False, 1.5, None]),
        (lambda v: wire.take(dict, v), [{1: 2}], [[1, 2]]),
    ],
)
def test_a_value_is_returned_as_it_is_or_refused(
    read: Callable[[object], object], good: list[object], bad: list[object]
) -> None:
    for value in good:
        assert read(value) == value
    for value in bad:
        with pytest.raises(MessageError):
            read(value)


def test_an_array_has_one_of_the_wanted_lengths() -> None:
    assert wire.load_array(wire.dump([1, 2]), 2, 3) == [1, 2]
    for other in ([1], [1, 2, 3, 4], {1: 2, 3: 4}, "ab", 2):
        with pytest.raises(MessageError):
            wire.load_array(wire.dump(other), 2, 3)


def test_only_one_form_is_written_and_read() -> None:
    assert wire.dump({"bb": 1, "a": 2, "b": 3}) == bytes.fromhex("a3616102616203626262" + "01")
    for data in (b"\xa2\x61b\x01\x61a\x02", b"\x18\x01"):
        with pytest.raises(MessageError):
            wire.load(data)
    deep: Any = 1
    for _ in range(wire.MAX_DEPTH - 1):
        deep = [deep]
    assert wire.load(wire.dump(deep)) == deep
    with pytest.raises(MessageError):
        wire.load(wire.dump([[deep]]))


TAGGED = {37: bytes(16), 30: [1, 3], 35: "(a+)+$", 258: [1], 4: [1, 2], 1: 5, 55799: 1, 43000: 1}


@pytest.mark.parametrize("tag", TAGGED)
def test_a_tag_is_refused_before_anything_is_made_of_it(tag: int) -> None:
    """The library would make an expression, a date or a set of it, before any signature."""
    data = cbor2.dumps(cbor2.CBORTag(tag, TAGGED[tag]), canonical=True)
    for value in (data, b"\x81" + data):
        with pytest.raises(MessageError, match="semantic tag"):
            wire.load(value)


def test_a_command_is_read_only_from_a_command() -> None:
    command = Command("c-1", 3, "renew", {"a": 1, "b": "x", "c": None, "d": True})
    assert decode_command(encode_command(command)) == command
    kind, *rest, body = wire.load_array(encode_command(command), 5)
    for items in ([33, *rest, body], [kind, *rest, {"a": [1]}], [kind, *rest, {"a": b"x"}]):
        with pytest.raises(MessageError):
            decode_command(wire.dump(items))
    for name in ("x" * 65, 5):
        with pytest.raises(MessageError):
            decode_command(wire.dump([kind, *rest, {name: 1}]))


def test_a_frame_of_another_version_is_refused() -> None:
    header = hello_header("box-one", b"nonce-00", 1)
    items = wire.load_array(header.encode(), *range(30))
    assert Header.decode(wire.dump(items)) == header
    with pytest.raises(MessageError):
        Header.decode(wire.dump([2, *items[1:]]))


def test_topics_go_up_and_come_down_by_box() -> None:
    assert topics.up("box-one", "c") == "cs/1/u/box-one/c"
    assert topics.down("box-one", "r") == "cs/1/d/box-one/r"
    assert topics.box_and_lane("cs/1/u/box-one/c") == ("box-one", "c")
    for other in ("cs/1/u/box-one", "cs/1/u/box-one/c/x", ""):
        assert topics.box_and_lane(other) == ("", "")


def test_a_box_of_which_nothing_is_known_is_admitted_under_any_nonce() -> None:
    hello = HelloArrived(Hello(1, bytes(8), {}), False, 77)
    _, effects = hospital.step(HospitalBox("box-one"), hello)
    assert effects[0] == Admit(1, bytes(8))


# --- times ------------------------------------------------------------------------------------


def test_the_times_are_those_that_boxes_in_the_field_count_on() -> None:
    """They stand in docs/protocol-cs1.md; to change one is a decision, not an edit."""
    times = (box.DIAL_LIMIT_MS, box.IDLE_LIMIT_MS, retry_times.RTO_FLOOR_MS)
    assert times == (60_000, 7_200_000, 30_000)
    times = (retry_times.HELLO_FLOOR_MS, retry_times.SILENCES, retry_times.BACKOFF_LIMIT_MS)
    assert times == (5_000, 3, 900_000)
    assert (clones.WITHIN_MS, clones.TIMES) == (86_400_000, 2)
    assert (box.ALERT_WINDOW, retry_times.MOST_FRAMES, hospital.HELD_FRAMES) == (4, 8, 8)


@pytest.mark.parametrize("failures", range(1, 40))
def test_a_pause_doubles_to_a_limit_and_is_spread_over_all_of_it(failures: int) -> None:
    top = min(15 * 60_000, 1_000 * 2**failures)
    pauses = [retry_times.backoff_ms(failures, b"%08d" % n) for n in range(400)]
    assert min(pauses) >= 500
    assert max(pauses) < 500 + top
    assert max(pauses) - min(pauses) > top * 0.9


def test_without_a_failure_there_is_no_pause() -> None:
    assert retry_times.backoff_ms(0, b"nonce-00") == 0


def test_round_trips_are_smoothed_by_an_eighth() -> None:
    assert retry_times.smooth_ms(None, 300) == 300
    assert retry_times.smooth_ms(800, 1_600) == 900
    assert retry_times.smooth_ms(800, 0) == 700


def test_patience_grows_with_the_round_trip_and_with_each_silence_to_a_limit() -> None:
    waits = [retry_times.patience_ms(5_000, 100, tries) for tries in range(6)]
    assert waits == [5_000, 10_000, 20_000, 40_000, 40_000, 40_000]
    assert retry_times.patience_ms(5_000, 2_000, 0) == 8_000
    assert retry_times.patience_ms(5_000, None, 0) == 5_000


# --- clones -----------------------------------------------------------------------------------


def line(first: bytes, many: int = 40) -> list[OpenedSession]:
    """Return the sessions of one process, one after the other."""
    found = [OpenedSession(first)]
    for _ in range(many):
        found.append(OpenedSession(next_nonce(found[-1].nonce)))
    return found


A, B, C = line(b"machine1"), line(b"machine2"), line(b"machine3")


def test_a_line_that_goes_on_or_begins_anew_has_not_come_back() -> None:
    assert clones.returns([]) == 0
    assert clones.returns(A[:5]) == 0
    assert clones.returns([*A[:5], *B[:5], *C[:5]]) == 0
    assert clones.returns([A[0], A[0], A[1]]) == 0


def test_each_return_after_another_line_counts_once() -> None:
    assert clones.returns([A[0], B[0], A[1]]) == 1
    assert clones.returns([A[0], B[0], A[1], A[2], A[3]]) == 1
    assert clones.returns([A[0], B[0], A[1], B[1]]) == 2
    assert clones.returns([A[0], B[0], C[0], A[1], C[1], B[1]]) == 3


def test_a_session_that_is_older_than_what_it_follows_proves_nothing() -> None:
    """It is passed over, and what comes after it still counts."""
    assert clones.returns([A[0], A[5], B[0], A[3]]) == 0
    assert clones.returns([A[0], A[5], B[0], A[3], A[6], B[1]]) == 2


def test_a_session_without_a_frame_proves_nothing() -> None:
    late = replace(A[1], lived=False)
    assert clones.returns([A[0], B[0], late, B[1]]) == 0


def test_a_line_is_known_over_so_many_lost_sessions_and_no_more() -> None:
    assert clones.returns([A[0], B[0], A[24]]) == 1
    assert clones.returns([A[0], B[0], A[25]]) == 0


def test_an_epoch_that_was_never_taken_up_is_none() -> None:
    fork = OpenedSession(b"a", fork=True)
    plain = OpenedSession(b"b")
    assert clones.forks([plain, plain]) == 0
    assert clones.forks([fork, fork, fork]) == 1
    assert clones.forks([fork, plain, fork]) == 2
    assert clones.suspicion([fork, plain]) is None
    assert clones.suspicion([fork, plain, fork]) == "it began 2 new epochs within a day"
    assert clones.suspicion([A[0], B[0], A[1]]) is None
    assert clones.suspicion([A[0], B[0], A[1], B[1]]) is not None


def test_so_many_lanes_are_read_and_no_more() -> None:
    reports = {lane: [0, 0, 1] for lane in "abcdefghi"}
    items = [1, [1, 1], 1, b"nonce-00", reports, False, {}]
    with pytest.raises(MessageError):
        decode(wire.dump(items))
    del reports["i"]
    assert len(decode(wire.dump(items)).lanes) == MAX_LANES == 8  # type: ignore[union-attr]


def test_a_hospital_that_was_never_restored_says_generation_0() -> None:
    assert wire.load_array(encode(Welcome(b"nonce-00", 1, {}, 77)), 7)[-1] == 0


def test_two_copies_on_one_machine_are_told_by_forks_and_by_turns() -> None:
    """Sessions that name their boot, each time another: forks alone say nothing."""

    def named(one: OpenedSession, boot: int, *, fork: bool = False) -> OpenedSession:
        return replace(one, machine="m1", boot=f"b{boot}", fork=fork)

    turns = [A[0], B[0], A[1], B[1]]
    assert clones.returns(turns) == 2
    forked = [named(one, n, fork=n in (0, 2)) for n, one in enumerate(turns)]
    assert clones.forks(forked) == 2
    assert clones.suspicion(forked) == clones.IN_TURN
    assert clones.suspicion([named(one, n) for n, one in enumerate(turns)]) is None
    once = [named(one, n, fork=n in (0, 2)) for n, one in enumerate((A[0], B[0], A[1]))]
    assert clones.suspicion(once) is None


def test_a_new_session_has_neither_failed_nor_begun_again() -> None:
    made = box.BoxSession()
    assert (made.failures, made.restarts, made.tries, made.srtt_ms) == (0, 0, 0, None)
