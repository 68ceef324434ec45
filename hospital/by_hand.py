"""A stick from a box: its frames taken in as from the link, and the answer for the way back.

The session of a stick stands beside the live one and never ends it. A box that was shut out
because another took its place may still bring what it holds; one that is revoked may not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hospital import boxes, custody
from hospital.archive import Archive
from hospital.boxes import Box
from hospital.custody import Delivered
from hospital.errors import HospitalError
from sync import bundle, framing
from sync.bundle import Bundle
from sync.core import DownHeader, Fence, Hello, Message, MessageError, decode, encode, hospital
from sync.core.header import HELLO_LANE, Header
from sync.core.messages import REPLACED, DownMessage
from sync.envelope import EnvelopeError, Unopened, manifest_holds, open_up, sign_down, sign_manifest
from sync.keys import HospitalKeys

CONTROL = "r"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a stick brought: new records by its receipts, and the bytes of the answer."""

    box_id: str
    records: int
    answer: bytes


def take(archive: Archive, keys: HospitalKeys, data: bytes, now_ms: int) -> Taken:
    """Take in a bundle; raises `BundleError` when it is not whole or not of a box of ours.

    Raises `HospitalError` when the box is shut out.
    """
    _, box_id = bundle.peek(data)
    box = boxes.get(archive, box_id)
    if box is None:
        raise HospitalError(f"no box {box_id} is enrolled here")
    came = bundle.decode(
        data, bundle.UP, lambda body, mark: manifest_holds(body, mark, box.keys.sign)
    )
    if box.standing not in (boxes.ACTIVE, REPLACED):
        raise HospitalError(f"box {box_id} is {box.standing}: nothing of it is taken")
    stick = _Stick(archive, keys, box, came.nonce)
    before = stick.total()
    for frame in came.frames:
        stick.take(frame, now_ms)
    answer = Bundle(bundle.DOWN, box_id, came.nonce, now_ms, tuple(stick.answers()))
    signed = bundle.encode(answer, lambda body: sign_manifest(body, keys.sign))
    return Taken(box_id, max(0, stick.total() - before), signed)


class _Stick:
    """One bundle's session; what is committed is that of the box, the nonce is the stick's."""

    def __init__(self, archive: Archive, keys: HospitalKeys, box: Box, nonce: bytes) -> None:
        self._archive, self._keys, self._box, self._nonce = archive, keys, box, nonce
        self._waiting: tuple[hospital.Waiting, ...] = ()
        self._said: dict[str, DownMessage] = {}
        self._refused = False

    def total(self) -> int:
        """Return how many records of the current epoch are held."""
        with self._archive.transaction():
            held = custody.load(self._archive, self._box)
        return sum(place.cum for place in held.streams.values())

    def take(self, frame: bytes, now_ms: int) -> None:
        came = Delivered("", frame, now_ms)
        header: Header
        payload: bytes | None
        try:
            header, payload = open_up(frame, self._keys, self._box.keys)
        except Unopened as error:
            header, payload = error.header, None
        except (EnvelopeError, MessageError) as error:
            custody.refuse(self._archive, self._box.id, type(error).__name__, came)
            return
        if header.nonce != self._nonce or self._refused:
            return
        with self._archive.transaction():
            if header.lane == HELLO_LANE:
                self._hello(payload, came)
            else:
                rows = None if payload is None else framing.disclose(header, payload)
                self._step(hospital.FrameArrived(header, rows), replace(came, lane=header.lane))

    def answers(self) -> list[bytes]:
        """Return the last word on each lane, signed for the box."""
        header = DownHeader(self._box.id, CONTROL, self._nonce)
        return [sign_down(header, encode(m), self._keys) for m in self._said.values()]

    def _hello(self, payload: bytes | None, came: Delivered) -> None:
        try:
            hello: Message | None = decode(payload or b"")
        except MessageError:
            hello = None
        if not isinstance(hello, Hello):
            self._refused = True
            return
        held = custody.load(self._archive, self._box)
        seen = custody.has_seen(self._archive, self._box.id, hello.nonce)
        if seen and hello.epoch != held.epoch:
            self._refused = True  # an old stick once more: all of it has been dealt with
            return
        self._step(hospital.HelloArrived(hello, False, came.received_ms), came)

    def _step(self, event: hospital.Event, came: Delivered) -> None:
        held = custody.load(self._archive, self._box)
        here = replace(held, nonce=self._nonce, standing=boxes.ACTIVE, waiting=self._waiting)
        if isinstance(event, hospital.HelloArrived):
            here = replace(here, nonce=held.nonce)  # or it would pass for a repeated one
        after, effects = hospital.step(here, event)
        kept = [e for e in effects if not isinstance(e, hospital.Admit)]
        for message in custody.carry_out(self._archive, self._box, kept, came):
            self._say(message)
        for effect in effects:
            if isinstance(effect, hospital.Admit):
                custody.admit_by_hand(self._archive, self._box.id, effect, came.received_ms)
            if isinstance(effect, hospital.Store):
                place = effect.epoch, effect.lane, effect.first_seq, len(effect.records)
                custody.keep_frame(self._archive, self._box.id, place, came)
        self._waiting = after.waiting

    def _say(self, message: DownMessage) -> None:
        if isinstance(message, Fence):
            self._refused = True
            self._said.clear()
        self._said[getattr(message, "lane", "")] = message
