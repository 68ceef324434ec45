"""The foreign box keeps to the table of states of CS/1, without a hospital: section 10.

What it must not do, no hospital that works would ever show: these are answers of one that does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cbor2
import pytest
from foreign_box import Box, Fenced, Kind, State
from foreign_bytes import ZEROS, Grant, Keys

from sync.core.header import DownHeader
from sync.frames.envelope import sign_down
from sync.keys.keys import HospitalKeys

HOSPITAL = HospitalKeys.generate()
BOX_ID = "foreign-1"


@dataclass
class Line:
    """A link that keeps what is said and brings what a test says."""

    said: list[tuple[str, bytes]] = field(default_factory=list)

    def publish(self, lane: str, frame: bytes) -> None:
        self.said.append((lane, frame))


class Session:
    """A foreign box with three records in epoch 5, and its line."""

    def __init__(self) -> None:
        public = HOSPITAL.public
        grant = Grant("", "", public.sign, public.decrypt, "nowhere", 1, "Thar")
        self.line, self.box = Line(), Box(BOX_ID, grant, Keys())
        self.box.epoch = 5
        for number in range(3):
            self.box.record("c", "view", {"number": number})
        self.box._greet(self.line, fork=False)  # type: ignore[arg-type]

    def hear(self, *message: Any, nonce: bytes = b"") -> None:
        """Let the hospital say something, in this session when no other is named."""
        nonce = nonce or self.box.nonce
        payload = cbor2.dumps([message[0], nonce, *message[1:]], canonical=True)
        frame = sign_down(DownHeader(BOX_ID, "r", nonce), payload, HOSPITAL)
        self.box.take(self.line, frame)  # type: ignore[arg-type]

    def welcome(self, epoch: int = 5, nonce: bytes = b"", **lanes: list[Any]) -> None:
        """Welcome it, as message 2 of section 9."""
        own = nonce or self.box.nonce
        payload = cbor2.dumps([2, 1, own, epoch, lanes, 1_795_000_000_000, 1], canonical=True)
        frame = sign_down(DownHeader(BOX_ID, "r", own), payload, HOSPITAL)
        self.box.take(self.line, frame)  # type: ignore[arg-type]

    @property
    def position(self) -> tuple[State, int, bytes, int, int]:
        """All that a message may change."""
        lane = self.box.lanes["c"]
        return self.box.state, self.box.epoch, self.box.nonce, lane.cum, len(self.line.said)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.mark.parametrize("epoch", [1, 4, 5])
def test_a_fence_of_a_past_or_the_same_epoch_is_ignored(session: Session, epoch: int) -> None:
    before = session.position
    session.hear(Kind.FENCE, epoch, "fork")
    assert session.position == before


def test_a_fence_of_a_later_epoch_begins_that_very_one(session: Session) -> None:
    nonce = session.box.nonce
    session.hear(Kind.FENCE, 9, "stale epoch")
    state, epoch, own, cum, said = session.position
    assert (state, epoch, cum, said) == (State.HELLO_SENT, 9, 0, 2)
    assert own != nonce
    assert len(session.box.lanes["c"].records) == 4  # the last says which epoch began and why


def test_a_fence_of_epoch_0_shuts_out(session: Session) -> None:
    with pytest.raises(Fenced, match="revoked"):
        session.hear(Kind.FENCE, 0, "revoked")
    assert session.box.state is State.FENCED


@pytest.mark.parametrize("epoch", [0, 4, 6, 9])
def test_while_streaming_no_fence_counts(session: Session, epoch: int) -> None:
    session.welcome()
    before = session.position
    assert before[0] is State.STREAMING
    session.hear(Kind.FENCE, epoch, "fork")
    assert session.position == before


@pytest.mark.parametrize("epoch", [4, 6])
def test_a_welcome_or_receipt_of_another_epoch_is_ignored(session: Session, epoch: int) -> None:
    before = session.position
    session.welcome(epoch)
    assert session.position == before
    session.welcome()
    before = session.position
    place = [3, session.box.lanes["c"].chains[3], 0, ZEROS]
    session.hear(Kind.RECEIPT, epoch, "c", place, False)
    assert session.position == before
    session.hear(Kind.RECEIPT, 5, "c", place, False)
    assert session.box.lanes["c"].cum == 3


def test_what_is_said_in_another_session_is_ignored(session: Session) -> None:
    before = session.position
    for message in ((Kind.FENCE, 9, "fork"), (Kind.FENCE, 0, "revoked")):
        session.hear(*message, nonce=b"another!")
    session.welcome(nonce=b"another!")
    assert session.position == before
