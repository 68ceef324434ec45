"""The messages: what is said is what is heard, and nothing else is a message."""

from __future__ import annotations

import contextlib

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.bounds import LAST_MS, MAX_COUNT
from sync.core import (
    Fence,
    Hello,
    LaneReport,
    Message,
    MessageError,
    Nack,
    Position,
    Receipt,
    Welcome,
    decode,
    decode_down,
    encode,
    wire,
)

_COUNT = st.integers(0, MAX_COUNT)
_MOMENT = st.integers(0, LAST_MS)
_NONCE = st.binary(min_size=8, max_size=8)
_CHAIN = st.binary(min_size=16, max_size=16)
_LANE = st.sampled_from("acft")
_TEXT = st.text(max_size=40)


@st.composite
def _positions(draw: st.DrawFn) -> Position:
    safe, cum = sorted((draw(_COUNT), draw(_COUNT)))
    return Position(cum, draw(_CHAIN), safe, draw(_CHAIN))


_HELLO = st.builds(
    Hello,
    epoch=_COUNT,
    nonce=_NONCE,
    lanes=st.dictionaries(_LANE, st.builds(LaneReport, _COUNT, _COUNT, _COUNT)),
    fork=st.booleans(),
    protocols=st.tuples(_COUNT, _COUNT),
    about=st.dictionaries(st.text(max_size=32), _TEXT, max_size=4),
)
_MESSAGE = st.one_of(
    _HELLO,
    st.builds(Welcome, _NONCE, _COUNT, st.dictionaries(_LANE, _positions()), _MOMENT, _COUNT),
    st.builds(Receipt, _NONCE, _COUNT, _LANE, _positions(), st.booleans()),
    st.builds(Fence, _NONCE, _COUNT, _TEXT),
    st.builds(Nack, _NONCE, _LANE, _COUNT, _COUNT, _TEXT),
)


@given(_MESSAGE)
def test_what_is_said_is_heard(message: Message) -> None:
    assert decode(encode(message)) == message


@given(_HELLO)
def test_a_hello_never_comes_down(hello: Hello) -> None:
    with pytest.raises(MessageError):
        decode_down(encode(hello))


@given(st.binary(max_size=100))
def test_garbage_is_no_message(data: bytes) -> None:
    with contextlib.suppress(MessageError):
        assert encode(decode(data)) == data


@given(_MESSAGE, st.data())
@settings(max_examples=300)
def test_a_damaged_message_is_refused_or_another_one(message: Message, data: st.DataObject) -> None:
    said = bytearray(encode(message))
    said[data.draw(st.integers(0, len(said) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MessageError):
        assert encode(decode(bytes(said))) == said


@pytest.mark.parametrize(
    "items",
    [
        [],
        [9, b"nonce-08", 1, "x"],
        [4, b"nonce-08", -1, "x"],
        [4, b"nonce-08", True, "x"],
        [4, b"nonce-08", 1.0, "x"],
        [4, b"short", 1, "x"],
        [4, b"nonce-08", 1, "x" * 201],
        [4, b"nonce-08", 1, b"x"],
        [4, b"nonce-08", 1, "x", 5],
        [3, b"nonce-08", 1, "c", [3, bytes(16), 4, bytes(16)], False],
        [3, b"nonce-08", 1, "c", [3, bytes(15), 2, bytes(16)], False],
        [3, b"nonce-08", 1, "c", [3, bytes(16), 2], False],
        [3, b"nonce-08", 1, "C", [3, bytes(16), 2, bytes(16)], False],
        [3, b"nonce-08", 1, "c", [3, bytes(16), 2, bytes(16)], 0],
        [1, [1], 1, b"nonce-08", {}, False, {}],
        [1, [1, 1], 1, b"nonce-08", {"ab": [0, 0, 0]}, False, {}],
        [1, [1, 1], 1, b"nonce-08", {c: [0, 0, 0] for c in "abcdefghi"}, False, {}],
        [1, [1, 1], 1, b"nonce-08", {}, False, {str(n): "x" for n in range(17)}],
        [1, [1, 1], 1, b"nonce-08", {}, False, {"k": 1}],
        [1, [1, 1], 1, b"nonce-08", [], False, {}],
    ],
)
def test_a_message_out_of_bounds_is_refused(items: list[object]) -> None:
    with pytest.raises(MessageError):
        decode(wire.dump(items))


@pytest.mark.parametrize(
    "data",
    [
        encode(Fence(b"nonce-08", 1, "x")) + b"\x00",
        b"\x9f" + encode(Fence(b"nonce-08", 1, "x"))[1:] + b"\xff",
        b"\x84\x18\x04" + encode(Fence(b"nonce-08", 1, "x"))[2:],
        b"\xc1\x01",
        cbor2.dumps(2**70),
        b"\x81" * 500 + b"\x00",
        b"\xa2\x61a\x01\x61a\x01",
        b"\xf9\x7e\x00",
        b"",
    ],
)
def test_only_the_deterministic_form_is_read(data: bytes) -> None:
    with pytest.raises(MessageError):
        decode(data)
