"""Reading a meter's memory: whatever the meter does, no record is lost and none counted as held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ble.records import RecordTransfer, TransferEnd
from devices.protocols import record_access


@dataclass
class Meter:
    """What GLS 1.0.1 says a meter answers; `silent_after` records it loses the link."""

    records: list[int]
    counts: bool = True
    knows_since: bool = True
    busy: int = 0
    generation: int = 0
    asked: list[bytes] = field(default_factory=list)

    def answers(self, command: bytes) -> Iterator[int | bytes]:
        self.asked.append(command)
        op, operator = command[0], command[1]
        if self.busy:
            self.busy -= 1
            yield bytes((6, 0, op, 10))
        elif op == 4:
            found = len(self.records).to_bytes(2, "little")
            yield bytes((5, 0)) + found if self.counts else bytes((6, 0, 4, 2))
        elif op == 3:
            yield bytes((6, 0, 3, 1))
        elif operator == 3 and not self.knows_since:
            yield bytes((6, 0, 1, 4))
        else:
            chosen = self._chosen(operator, command)
            yield from chosen
            yield bytes((6, 0, 1, 1 if chosen else 6))

    def _chosen(self, operator: int, command: bytes) -> list[int]:
        if operator == 1:
            return self.records
        if operator == 6:
            return self.records[-1:]
        least = int.from_bytes(command[3:5], "little")
        return [one for one in self.records if one >= least]


def transferred(
    meter: Meter, last: int | None, most: int | None = None, content: str | None = None
) -> tuple[RecordTransfer, list[int]]:
    """Run one transfer; the link is lost after `most` messages. Return it and what came."""
    transfer = RecordTransfer(last, content)
    came: list[int] = []
    left = 10_000 if most is None else most
    command: bytes | None = transfer.begin()
    while command is not None:
        following = None
        for message in meter.answers(command):
            if not left:
                return transfer, came
            left -= 1
            if isinstance(message, int):
                transfer.record(message, f"{meter.generation}-{message}")
                came.append(message)
            else:
                following = transfer.answered(record_access.decode(message))
        command = following
    return transfer, came


def test_the_first_time_everything_is_asked_for_and_then_what_is_new() -> None:
    meter = Meter([3, 4, 5])
    first, came = transferred(meter, None)
    assert (first.ending, came, first.complete_up_to) == (TransferEnd.COMPLETE, [3, 4, 5], 5)
    meter.records.append(6)
    second, came = transferred(meter, first.complete_up_to)
    assert (second.ending, came, second.complete_up_to) == (TransferEnd.COMPLETE, [5, 6], 6)
    assert meter.asked[1::2] == [b"\x01\x01", b"\x01\x03\x01\x05\x00"]


def test_an_empty_meter_and_one_without_news_end_normally() -> None:
    empty, came = transferred(Meter([]), None)
    assert (empty.ending, came, empty.complete_up_to) == (TransferEnd.NOTHING, [], None)
    nothing_new, _ = transferred(Meter([4, 5]), 5)
    assert (nothing_new.ending, nothing_new.complete_up_to) == (TransferEnd.COMPLETE, 5)


def test_a_meter_that_was_reset_and_has_overtaken_what_is_remembered_is_read_anew() -> None:
    """Its record of that number is another one, or is not there any more."""
    before, _ = transferred(Meter([1, 2, 3]), None)
    other, came = transferred(Meter([1, 2, 3, 4], generation=1), 3, content=before.last_content)
    assert (other.anew, other.ending, other.complete_up_to) == (True, TransferEnd.COMPLETE, 4)
    assert came == [3, 4, 1, 2, 3, 4]
    gone, came = transferred(Meter([5, 6]), 3, content=before.last_content)
    assert (gone.anew, gone.ending, came) == (False, TransferEnd.COMPLETE, [5, 6, 5, 6])
    same, came = transferred(Meter([2, 3, 4]), 3, content=before.last_content)
    assert (same.anew, came, same.complete_up_to) == (False, [3, 4], 4)


def test_a_meter_that_was_reset_is_read_anew() -> None:
    transfer, came = transferred(Meter([0, 1]), 900)
    assert (transfer.ending, transfer.complete_up_to) == (TransferEnd.COMPLETE, 1)
    assert came[-2:] == [0, 1]


def test_the_last_sequence_number_of_all_is_followed_by_everything() -> None:
    meter = Meter([65535, 0])
    transfer, came = transferred(meter, 65535)
    assert came == [65535, 0]
    assert b"\x01\x01" in meter.asked
    assert transfer.ending is TransferEnd.COMPLETE


@pytest.mark.parametrize("meter", [Meter([1, 2], counts=False), Meter([1, 2], knows_since=False)])
def test_a_meter_need_not_know_every_request(meter: Meter) -> None:
    transfer, came = transferred(meter, 1)
    assert transfer.ending is TransferEnd.COMPLETE
    assert 2 in came


def test_busy_is_for_later_and_a_refusal_says_which() -> None:
    busy, came = transferred(Meter([1], busy=1), None)
    assert (busy.ending, came, busy.complete_up_to) == (TransferEnd.BUSY, [], None)
    refused = RecordTransfer(None)
    refused.begin()
    refused.answered({"op": "count", "count": 2})
    assert refused.answered({"op": "response", "request": 1, "code": 9}) is None
    assert (refused.ending, refused.refusal) == (TransferEnd.REFUSED, "operand_not_supported")


def test_giving_up_sends_an_abort_once_and_keeps_what_came_in_order() -> None:
    transfer = RecordTransfer(None)
    transfer.begin()
    assert transfer.answered({"op": "count", "count": 9}) == record_access.report_all()
    for sequence in (3, 4):
        transfer.record(sequence)
    assert transfer.give_up() == record_access.abort()
    transfer.answered({"op": "response", "request": 3, "code": 1})
    assert (transfer.ending, transfer.complete_up_to) == (TransferEnd.ABORTED, 4)
    assert transfer.give_up() is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),  # so many new records before the connection
            st.none() | st.integers(0, 12),  # the link is lost after so many messages
            st.booleans(),  # newest first
            st.integers(0, 2),  # busy so often
        ),
        max_size=8,
    ),
    st.booleans(),
    st.booleans(),
)
def test_after_one_whole_transfer_every_record_came(
    days: list[tuple[int, int | None, bool, int]], counts: bool, knows_since: bool
) -> None:
    memory: list[int] = []
    held: int | None = None
    came: set[int] = set()
    for new, most, backwards, busy in [*days, (1, None, False, 0)]:
        memory += range(len(memory), len(memory) + new)
        told = memory[::-1] if backwards else memory
        meter = Meter(list(told), counts, knows_since, busy)
        transfer, now = transferred(meter, held, most)
        came.update(now)
        if transfer.complete_up_to is not None:
            assert set(range(transfer.complete_up_to + 1)) <= came, (
                "it counts as held what never came"
            )
        held = transfer.complete_up_to
    assert came == set(memory)


@given(st.lists(st.binary(min_size=2, max_size=6), max_size=20), st.none() | st.integers(0, 65535))
def test_any_answer_is_survived(answers: list[bytes], last: int | None) -> None:
    transfer = RecordTransfer(last)
    assert transfer.begin() == record_access.count_all()
    for answer in answers:
        try:
            fields = record_access.decode(answer)
        except ValueError:
            continue
        command = transfer.answered(fields)
        assert command is None or command[0] in (1, 4)
