"""Receive frames: verify, decrypt, store their records, and return signed receipts.

It does not know the link. Records are stored in one transaction, and the receipt is signed after
it. What the box may delete is decided by that receipt alone, so a crash between commit and receipt
costs a repetition and nothing else. A frame that is refused is counted and kept, and never stops
the frames behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from hospital.archive import Archive
from hospital.archive.errors import ArchiveDown, AuthorityError
from hospital.archive.outgoing import OutgoingFrame
from hospital.files import attachments
from hospital.fleet import boxes, commands, renewals, rotation
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.receiving import backup, custody, feed_answers
from hospital.receiving.custody import ReceivedFrame
from sync.box.key_commands import decode_renewal, is_announcement, is_renewal
from sync.core import DownHeader, Hello, MessageError, decode, encode, hospital, topics
from sync.core.feed_messages import decode_ask, is_ask
from sync.core.header import HELLO_LANE, Header
from sync.core.messages import QUARANTINED, DownMessage, Fence, Welcome
from sync.courier import telemetry
from sync.files import chunks
from sync.frames import framing
from sync.frames.envelope import EnvelopeError, UnopenableFrame, open_up, peek_up, sign_down
from sync.keys.keys import HospitalKeys
from sync.link.transport import Message

CONTROL = "r"
TELEMETRY = "t"
REMIND_MS = 15 * 60_000
REMINDED_BOXES = 100

MALFORMED = "malformed frame"
FOREIGN = "foreign frame"
UNKNOWN_BOX = "unknown box"
NO_HELLO = "no hello"

Replies = list[OutgoingFrame]
_LaneHandler = Callable[[Box, Header, bytes, ReceivedFrame], Replies]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Memory:
    """What is kept of a box in memory only: frames that wait for the gap before them."""

    waiting: tuple[hospital.WaitingFrame, ...] = ()
    sealed: dict[tuple[str, int], bytes] = field(default_factory=dict)


class Receiver:
    """Turns frames into records and receipts, on one archive, without knowing any link."""

    def __init__(
        self, archive: Archive, keys: HospitalKeys, authority: Authority | None = None
    ) -> None:
        self._archive, self._authority = archive, authority
        self._keys = keys
        self._memory: dict[str, _Memory] = {}
        self._copies = backup.count(archive)

    def receive(self, topic: str, frame: bytes, now_ms: int) -> Replies:
        """Take a frame in; return what to publish. Raises `ArchiveDown`: then nothing happened."""
        sender, lane = topics.box_and_lane(topic)
        if lane == TELEMETRY and not frame:
            return []  # a box's last will: the broker lost it
        received = ReceivedFrame(lane, frame, now_ms)
        try:
            header = peek_up(frame)
        except (EnvelopeError, MessageError):
            return self._refuse(sender, MALFORMED, received)
        if (header.box_id, header.lane) != (sender, lane):
            return self._refuse(sender, FOREIGN, received)
        box = boxes.get(self._archive, sender)
        if box is None:
            return self._refuse(custody.NOBODY, UNKNOWN_BOX, received)
        return self._open(box, header.kid_sig, received)

    def receive_all(self, frames: Iterable[Message], now_ms: int) -> Replies:
        """Take frames in by one transaction; raises what `receive` does: then nothing happened."""
        try:
            with self._archive.transaction():
                return [o for m in frames for o in self.receive(m.topic, m.payload, now_ms)]
        except BaseException:
            self._memory.clear()  # it may hold what was just undone; the boxes send it again
            raise

    def remind(self, now_ms: int) -> Replies:
        """Return receipts for the boxes of recent contact; each resends what we missed meanwhile.

        Without this a box whose frame met no worker would wait out its own timer.
        """
        self._copies = backup.count(self._archive)
        return self._receipts(now_ms, gap=True)

    def _receipts(self, now_ms: int, *, gap: bool) -> Replies:
        sent: list[OutgoingFrame] = []
        for box in boxes.heard_since(self._archive, now_ms - REMIND_MS, REMINDED_BOXES):
            with self._archive.transaction():
                state = custody.load(self._archive, box)
            for lane in state.streams:
                sent.append(self._sign(box.id, hospital.receipt(state, lane, gap)))
        return sent

    def _open(self, box: Box, name: bytes, received: ReceivedFrame) -> Replies:
        signer = rotation.signer(self._archive, box, name, received.received_ms)
        try:
            header, payload = open_up(received.frame, self._keys, signer)
        except UnopenableFrame as error:
            return self._frame(box, error.header, None, received)
        except (EnvelopeError, MessageError) as error:
            return self._refuse(box.id, type(error).__name__, received)
        if header.lane == HELLO_LANE:
            return self._handler_of(payload)(box, header, payload, received)
        if header.lane == chunks.LANE:
            return self._chunk(box, header, payload, received)
        if header.lane == TELEMETRY:
            return self._status(box, header, payload, received)
        return self._frame(box, header, payload, received)

    def _handler_of(self, payload: bytes) -> _LaneHandler:
        """Return the method that handles a message of lane "h"."""
        if is_ask(payload):
            return self._ask
        if is_renewal(payload):
            return self._renew
        return self._new_keys if is_announcement(payload) else self._hello

    def news(self, now_ms: int) -> Replies:
        """Return frames for boxes that wait: feeds, commands, and receipts of a new backup."""
        feeds = feed_answers.news(self._archive, self._keys, now_ms)
        sent = [*feeds, *commands.due(self._archive, self._keys, now_ms)]
        before, self._copies = self._copies, backup.count(self._archive)
        return sent if self._copies == before else sent + self._receipts(now_ms, gap=False)

    def _ask(self, box: Box, header: Header, payload: bytes, received: ReceivedFrame) -> Replies:
        try:
            ask = decode_ask(payload)
        except MessageError:
            return self._refuse(box.id, MALFORMED, received)
        with self._archive.transaction():
            state = custody.load(self._archive, box)
            if (
                state.standing == boxes.ACTIVE
            ):  # of two machines both have lived, though one is late
                custody.mark_session_used(self._archive, box.id, header.nonce)
            if not _is_living(state, header):
                return []  # of a past session: that of a clone, a replay, or just late
            custody.note_contact(self._archive, box.id, received.received_ms)
            return feed_answers.answer(
                self._archive, self._keys, box, state, ask, received.received_ms
            )

    def _chunk(self, box: Box, header: Header, payload: bytes, received: ReceivedFrame) -> Replies:
        try:
            chunk = chunks.decode_chunk(payload)
        except MessageError:
            return self._refuse(box.id, MALFORMED, received)
        with self._archive.transaction():
            if not _is_living(custody.load(self._archive, box), header):
                return []
            progress = attachments.receive_chunk(self._archive, box, chunk, received.received_ms)
        return [] if progress is None else [self._file_state(box.id, header.nonce, progress)]

    def _file_state(self, box_id: str, nonce: bytes, progress: chunks.ChunkState) -> OutgoingFrame:
        frame = sign_down(
            DownHeader(box_id, chunks.CHANNEL, nonce), chunks.encode_held(progress), self._keys
        )
        return OutgoingFrame(box_id, chunks.CHANNEL, frame)

    def _renew(self, box: Box, header: Header, payload: bytes, received: ReceivedFrame) -> Replies:
        with self._archive.transaction():
            living = _is_living(custody.load(self._archive, box), header)
            if living and self._authority:
                try:
                    request = decode_renewal(payload)
                    renewals.grant(
                        self._archive, self._authority, box, request, received.received_ms
                    )
                except (MessageError, AuthorityError) as error:
                    log.warning("box %s: no new certificate: %s", box.id, error)
        return []

    def _new_keys(
        self, box: Box, header: Header, payload: bytes, received: ReceivedFrame
    ) -> Replies:
        with self._archive.transaction():
            if _is_living(custody.load(self._archive, box), header):
                try:
                    rotation.accept_announcement(
                        self._archive, box, payload, header.kid_sig, received.received_ms
                    )
                except MessageError as error:
                    log.warning("box %s: no new keys: %s", box.id, error)
        return []

    def _status(self, box: Box, header: Header, payload: bytes, received: ReceivedFrame) -> Replies:
        try:
            status = telemetry.decode(payload)
        except MessageError:
            return self._refuse(box.id, MALFORMED, received)
        with self._archive.transaction():
            if _is_living(custody.load(self._archive, box), header):
                custody.status(self._archive, header, status, received.received_ms)
        return []

    def _hello(self, box: Box, header: Header, payload: bytes, received: ReceivedFrame) -> Replies:
        try:
            hello = decode(payload)
        except MessageError:
            return self._refuse(box.id, MALFORMED, received)
        if not isinstance(hello, Hello):
            return self._refuse(box.id, NO_HELLO, received)
        with self._archive.transaction():
            state = self._load(box)
            seen = custody.has_seen(self._archive, box.id, hello.nonce)
            event = hospital.HelloArrived(hello, seen, received.received_ms)
            after, replies = self._step(box, state, event, received)
            if (after.epoch, after.nonce) == (hello.epoch, hello.nonce):
                custody.store_hello(self._archive, box.id, hello)
                rotation.use_pair(self._archive, box, header.kid_sig, received.received_ms)
                renewals.catch_up(
                    self._archive, self._keys, box, header.kid_enc, received.received_ms
                )
            custody.note_missing(self._archive, box.id, state, hello)
            if after.nonce != state.nonce:
                custody.note_machine(self._archive, box.id, hello)
            if after.nonce != state.nonce and custody.guard_identity(
                self._archive, box, received.received_ms
            ):
                replies = [Fence(hello.nonce, 0, QUARANTINED)]
            begun = []
            if any(isinstance(reply, Welcome) for reply in replies):
                begun = attachments.unfinished(self._archive, box.id)
        sent = self._commit(box, after, replies)
        return sent + [self._file_state(box.id, hello.nonce, state) for state in begun]

    def _frame(
        self, box: Box, header: Header, payload: bytes | None, received: ReceivedFrame
    ) -> Replies:
        if header.lane == HELLO_LANE:
            return self._refuse(box.id, MALFORMED, received)
        with self._archive.transaction():
            try:
                with self._archive.attempt():
                    rows = None if payload is None else framing.disclose(header, payload)
                    return self._rows(box, header, rows, received)
            except ArchiveDown:
                raise
            except Exception:  # our own fault: like what cannot be read, it is kept and passed
                log.exception("box %s lane %s %d", box.id, header.lane, header.first_seq)
                return self._rows(box, header, None, received)

    def _rows(
        self, box: Box, header: Header, rows: list[bytes] | None, received: ReceivedFrame
    ) -> Replies:
        state = self._load(box)
        self._memory_of(box.id).sealed[header.lane, header.last_seq] = received.frame
        event = hospital.FrameArrived(header, rows)
        after, replies = self._step(box, state, event, received)
        return self._commit(box, after, replies)

    def _load(self, box: Box) -> hospital.HospitalBox:
        state = custody.load(self._archive, box)
        waiting = tuple(
            w
            for w in self._memory_of(box.id).waiting
            if (w.header.epoch, w.header.nonce) == (state.epoch, state.nonce)
        )
        return replace(state, waiting=waiting)

    def _step(
        self, box: Box, state: hospital.HospitalBox, event: hospital.Event, received: ReceivedFrame
    ) -> tuple[hospital.HospitalBox, list[DownMessage]]:
        after, effects = hospital.step(state, event)
        replies = custody.carry_out(self._archive, box, effects, received)
        for effect in effects:
            if isinstance(effect, hospital.Store):
                self._keep_frame(box.id, effect, received)
        if state.standing == boxes.ACTIVE:
            custody.note_contact(self._archive, box.id, received.received_ms)
        return after, replies

    def _keep_frame(self, box_id: str, effect: hospital.Store, received: ReceivedFrame) -> None:
        sealed = self._memory_of(box_id).sealed.get((effect.lane, effect.cum), received.frame)
        place = effect.epoch, effect.lane, effect.first_seq, len(effect.records)
        custody.keep_frame(self._archive, box_id, place, replace(received, frame=sealed))

    def _commit(self, box: Box, after: hospital.HospitalBox, replies: list[DownMessage]) -> Replies:
        waits = {(w.header.lane, w.header.last_seq) for w in after.waiting}
        memory = self._memory_of(box.id)
        memory.waiting = after.waiting
        memory.sealed = {k: v for k, v in memory.sealed.items() if k in waits}
        return [self._sign(box.id, message) for message in replies]

    def _sign(self, box_id: str, message: DownMessage) -> OutgoingFrame:
        header = DownHeader(box_id, CONTROL, message.nonce)
        return OutgoingFrame(box_id, CONTROL, sign_down(header, encode(message), self._keys))

    def _refuse(self, sender: str, reason: str, received: ReceivedFrame) -> Replies:
        known = sender == custody.NOBODY or boxes.get(self._archive, sender) is not None
        custody.refuse(self._archive, sender if known else custody.NOBODY, reason, received)
        return []

    def _memory_of(self, box_id: str) -> _Memory:
        return self._memory.setdefault(box_id, _Memory())


def _is_living(state: hospital.HospitalBox, header: Header) -> bool:
    """Whether a frame is of the session that an admitted box is in."""
    present = (state.epoch, state.nonce, state.standing)
    return present == (header.epoch, header.nonce, boxes.ACTIVE)
