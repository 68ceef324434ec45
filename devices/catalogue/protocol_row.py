"""The row of a serial protocol: all facts that a box needs of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from devices.catalogue.evidence import Evidence
from devices.deidentify import MaskedBytes
from devices.driver import Question, SerialProtocol, Session
from devices.protocols.laboratory import Site
from devices.sessions.analyser import WallClock
from edge.model.reading import Repeats

Masker = Callable[[bytes], MaskedBytes]


class WithoutMasker(StrEnum):
    """Why a protocol has no function that takes out a patient's identity."""

    NO_IDENTITY = "no place for a patient's identity; serial numbers are the device's own"
    NOT_KNOWN = "not known well enough to say where an identity may stand: never written masked"


@dataclass(frozen=True, slots=True)
class Listening:
    """When bytes that were only listened to prove a protocol.

    `frames` sound ones are needed; 0 means that no number is a proof, and only a technician binds
    the device. `results_only`: a line that is text and no result proves nothing. `in_a_row`: the
    frames carry no checksum and must follow each other without an error; otherwise there may be
    as many errors as sound frames.
    """

    frames: int
    results_only: bool = False
    in_a_row: bool = False


SOUND_FRAMES = Listening(frames=3)
"""Frames with a checksum; noise passes one of 8 bits every few hundred bytes."""

WHOLE_RESULT = Listening(frames=1, results_only=True)
"""One result is long and strict enough to leave no doubt."""

NO_PROOF = Listening(frames=0)
"""Ten characters, or a single byte, are no evidence."""


def unchecked_run(frames: int) -> Listening:
    """Return the rule for a stream without a checksum."""
    return Listening(frames, in_a_row=True)


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """A serial protocol with its facts.

    `evidence` says what its decoder was written from, `deidentify` how a patient's identity is
    taken out of a capture or why nothing does so. `repeats` is how its devices send a measurement
    again: what proves that they did stands in `edge.readings.identity`. It is recognised by
    `listening`, and by
    `question` where a technician allows questions. `session` makes the host's side of a
    polled protocol, `analyser` the same for one that needs what the site wrote down, its map of
    test codes above all; a protocol with neither is only listened to. `requests` are what a person
    may ask of the device, kinds of `edge.equipment.device_requests`.
    """

    protocol: SerialProtocol
    evidence: Evidence
    deidentify: Masker | WithoutMasker
    listening: Listening
    repeats: Repeats
    question: Question | None = None
    session: Callable[[], Session] | None = None
    analyser: Callable[[Site, WallClock], Session] | None = None
    requests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The protocol's name: of its row, its page in docs/devices and its vectors."""
        return self.protocol.name

    @property
    def can_be_masked(self) -> bool:
        """Whether a capture can be written without a patient's identity."""
        return self.deidentify is not WithoutMasker.NOT_KNOWN
