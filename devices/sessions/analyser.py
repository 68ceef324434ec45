"""Session with a laboratory analyser: every frame is answered, results wait for a person.

An analyser measures a sample, and which patient's it was it does not know: its results go to the
tray, known by the sample's number. A result counts only through the site's map of test codes.
Results of control material are told apart (`Turn.controls`): they are the device's own. HL7 over a
cable has no checksum, so a person compares the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import blake2b

from devices.driver import BAD_UNIT, BAD_VALUE, UNMAPPED, UNREADABLE, Event, ResultRefusal, Turn
from devices.protocols import (
    hl7_answers,
    hl7_message,
    hl7_mllp,
    hl7_observations,
    laboratory,
    laboratory_controls,
    laboratory_ends,
)
from devices.protocols.hl7_message import Message
from devices.protocols.hl7_observations import VALUE_TYPES, WORD_TYPES
from devices.protocols.laboratory import Result, Site, Standing
from devices.protocols.observations import UNCHECKED
from edge.model.reading import Measurement

WallClock = Callable[[], datetime | None]
"""Tells the box's local time; None where nobody knows it."""


def no_clock() -> None:
    """Know no time."""


class Hl7Session:
    """A `Session` that answers each HL7 message with one of its own."""

    def __init__(self, site: Site, wall: WallClock = no_clock) -> None:
        self._site = site
        self._wall = wall
        self._answered = 0

    @property
    def next_timeout(self) -> None:
        """Never: the analyser has the word."""
        return

    def start(self, now_ms: int) -> Turn:
        """Wait."""
        return Turn(state="listening")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Take a message and answer it."""
        if event.name == "error" and event.fields.get("reply") == "AR":
            refused = (ResultRefusal(UNREADABLE),)
            return Turn(write=hl7_answers.malformed(self._stamp("", b"")), refused=refused)
        message = hl7_mllp.message_of(event.raw, self._site.encoding)
        if event.name != "message" or message is None:
            return Turn()
        stamp = self._stamp(message.plain(message.head.of(7)), event.raw)
        answer = hl7_answers.answer(message, stamp)
        if message.type.split("^")[0] not in hl7_message.RESULT_MESSAGES:
            return Turn(write=answer, state="connected")
        judged = self._judged(message, event.raw)
        if judged == JudgedResults.unreadable():
            answer = hl7_answers.no_result(message, stamp)
        return judged.turn(answer, (UNCHECKED,))

    def _judged(self, message: Message, raw: bytes) -> JudgedResults:
        """Judge all results of a message; one without any, or that hides one, cannot be read."""
        named = bool(message.id or message.head.of(7))
        judged, silent = JudgedResults.none(), []
        for place, observation in enumerate(hl7_observations.observations(message)):
            result = observation.result(self._site)
            mapped = laboratory.test_named(result.test, self._site.tests) is not None
            if not mapped and result.kind not in VALUE_TYPES - WORD_TYPES:
                silent.append(result.test)
                continue
            control = is_control(result, self._site) or observation.is_control
            found = judge(result, self._site, control=control)
            judged = judged.joined(found.kept(_digest(raw, place) if named else ""))
        rows = (message.signs[0].join(row.fields) for row in message.segments if row.name != "NTE")
        if any(laboratory_ends.holds_unread_rows(row, hl7_message.GRAMMAR) for row in rows):
            judged = judged.joined(JudgedResults.unreadable())
        if judged != JudgedResults.none():
            return judged
        if silent:
            return JudgedResults(refused=(ResultRefusal(UNMAPPED, tuple(silent)),))
        return JudgedResults.unreadable()

    def on_timeout(self, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def stop(self) -> bytes:
        """Say nothing: what was not acknowledged will be sent again."""
        return b""

    def _stamp(self, asked: str, raw: bytes) -> hl7_answers.Stamp:
        """Number the answers: an id is the count and a digest of what is answered."""
        self._answered += 1
        now = self._wall()
        time = f"{now:%Y%m%d%H%M%S}" if now else asked
        digest = blake2b(raw, digest_size=4).hexdigest()
        return hl7_answers.Stamp(time, f"HP{digest}{self._answered}")


@dataclass(frozen=True, slots=True)
class JudgedResults:
    """What came of results: readings, controls, and those that are neither."""

    measured: tuple[Measurement, ...] = ()
    controls: tuple[Measurement, ...] = ()
    refused: tuple[ResultRefusal, ...] = ()

    @classmethod
    def none(cls) -> JudgedResults:
        """Return what comes of no result."""
        return cls()

    @classmethod
    def unreadable(cls) -> JudgedResults:
        """Return what comes of a message in which no result is found."""
        return cls(refused=(ResultRefusal(UNREADABLE),))

    def joined(self, other: JudgedResults) -> JudgedResults:
        """Return both."""
        return JudgedResults(
            self.measured + other.measured,
            self.controls + other.controls,
            self.refused + other.refused,
        )

    def kept(self, digest: str) -> JudgedResults:
        """Return the same, known by a digest of the message and of its place there."""
        measured = tuple(replace(found, message=digest) for found in self.measured)
        controls = tuple(replace(found, message=digest) for found in self.controls)
        return JudgedResults(measured, controls, self.refused)

    def turn(self, write: bytes, doubts: tuple[str, ...] = ()) -> Turn:
        """Return the turn that records all of it."""

        def stored(found: Measurement) -> Measurement:
            return replace(found, stored=True, quality=(*found.quality, *doubts))

        return Turn(
            write=write,
            measured=tuple(map(stored, self.measured)),
            controls=tuple(map(stored, self.controls)),
            refused=together(self.refused),
            state="connected",
        )


def _digest(raw: bytes, place: int) -> str:
    return blake2b(raw + place.to_bytes(4, "big"), digest_size=12).hexdigest()


def judge(result: Result, site: Site, *, control: bool) -> JudgedResults:
    """Judge one result by the site's map; what is refused of control material is said too."""
    if control and result.standing is Standing.CONTROL:
        result = replace(result, standing=Standing.FINAL)
    found = _of_type(result, laboratory.judge(result, site.tests))
    if isinstance(found, str):
        return JudgedResults(refused=(ResultRefusal(found, (result.test,)),))
    if control:
        return JudgedResults(controls=(found,))
    doubts = result.doubts
    if laboratory_controls.is_control_number(result.sample):
        doubts = (*doubts, laboratory_controls.PERHAPS_NO_PATIENT)
    quality = tuple(dict.fromkeys((*found.quality, *doubts)))
    return JudgedResults(measured=(replace(found, quality=quality),))


def is_control(result: Result, site: Site) -> bool:
    """Whether the result's status or its sample's number says that it is of control material."""
    sample = result.sample.upper()
    named = any(fnmatchcase(sample, pattern.upper()) for pattern in site.controls)
    return named or result.standing is Standing.CONTROL


def _of_type(result: Result, found: Measurement | str) -> Measurement | str:
    """Refuse the value of a type of HL7 that holds no result, or of a word that is a number."""
    if result.kind not in VALUE_TYPES and (not isinstance(found, str) or found == BAD_UNIT):
        return BAD_VALUE
    if result.kind in WORD_TYPES and (found == BAD_UNIT or _is_number(found)):
        return BAD_VALUE
    return found


def _is_number(found: Measurement | str) -> bool:
    return not isinstance(found, str) and bool(found.values)


def together(refused: Iterable[ResultRefusal]) -> tuple[ResultRefusal, ...]:
    """Return one refusal for each reason, with all its tests and their bytes."""
    found: dict[str, ResultRefusal] = {}
    for each in refused:
        known = found.get(each.kind, ResultRefusal(each.kind))
        found[each.kind] = replace(each, tests=known.tests + each.tests, raw=known.raw + each.raw)
    return tuple(found.values())
