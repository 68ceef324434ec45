"""Read a bundle of a box from a USB stick: its frames are received as from the link.

The session of a stick stands beside the live one and never ends it. Its records go into the
stream of the epoch that they were numbered in, also when that one is over: a stick may hold what a
card that fell back does not hold any more. A box that was shut out because another took its place
may still bring what it has; one that is revoked may not. `hospital.bundles.answer` writes the
answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from uuid import UUID

from hospital.archive import Archive
from hospital.archive.errors import ArchiveDown, AuthorityError, HospitalError, NotFound
from hospital.files import attachments
from hospital.fleet import boxes, renewals, rotation
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.receiving import custody
from hospital.receiving.custody import ReceivedFrame
from sync.box.key_commands import decode_renewal, is_announcement, is_renewal
from sync.bundles import bundle_format
from sync.core import Fence, Hello, MessageError, Nack, decode, hospital
from sync.core.feed_messages import is_ask
from sync.core.header import HELLO_LANE, Header
from sync.core.messages import REPLACED, UNREADABLE, Position
from sync.files import chunks
from sync.frames import framing
from sync.frames.envelope import EnvelopeError, UnopenableFrame, manifest_holds, open_up, peek_up
from sync.keys.keys import HospitalKeys, kid

GROUP = 32
"""So many frames make one transaction."""

SIDE_BYTES = 7
"""Of a nonce, as a number that fits every engine."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BundleResult:
    """What a stick brought: records that are new here, and how sound it was.

    `damaged` parts could not be read, `aside` parts have another history than ours and are kept
    beside it; `whole` is False when the bundle was cut off.
    """

    box_id: str
    records: int
    parts: int
    damaged: int
    aside: int
    whole: bool


def read_bundle(
    archive: Archive,
    keys: HospitalKeys,
    file: Path,
    now_ms: int,
    authority: Authority | None = None,
) -> BundleResult:
    """Read a bundle; raises `BundleError` when it is none, or not from a box of ours to us.

    Raises `HospitalError` when the box is shut out. Broken off, it can be read again from the
    beginning: what is here already is passed over.
    """
    with bundle_format.opened(file) as reader:
        box = _sender(archive, keys, reader, now_ms)
        stick = _Stick(archive, keys, authority, box, reader.opening)
        before, parts = _count(archive, box.id), 0
        for group in _groups(reader.frames()):
            with archive.transaction():
                _check(box, custody.load(archive, box).standing)  # it may be shut out by now
                for frame in group:
                    stick.take(ReceivedFrame("", frame, now_ms))
                stick.remember(now_ms)
            parts += len(group)
        records = _count(archive, box.id) - before
        return BundleResult(box.id, records, parts, reader.damaged, stick.aside, reader.whole)


def admitted(archive: Archive, box_id: str) -> Box:
    """Return a box that may come by hand; raises `HospitalError`."""
    box = boxes.get(archive, box_id)
    if box is None:
        raise NotFound(f"no box {box_id} is enrolled here")
    _check(box, box.standing)
    return box


def _check(box: Box, standing: str) -> None:
    if standing not in (boxes.ACTIVE, REPLACED):
        raise HospitalError(f"box {box.id} is {standing}: nothing of it is taken")


def _sender(archive: Archive, keys: HospitalKeys, reader: bundle_format.Reader, now_ms: int) -> Box:
    opening = reader.opening
    if opening.way == bundle_format.UP and opening.hospital != kid(keys.public.sign):
        raise bundle_format.BundleError("this bundle was written for another hospital")
    box = admitted(archive, opening.box_id)
    signers = rotation.signers(archive, box, now_ms)
    reader.check(
        bundle_format.UP, lambda body, mark: any(manifest_holds(body, mark, s) for s in signers)
    )
    return box


def _groups(frames: Iterator[bytes]) -> Iterator[list[bytes]]:
    while group := list(islice(frames, GROUP)):
        yield group


def _count(archive: Archive, box_id: str) -> int:
    found = archive.rows("SELECT count(*) AS n FROM record WHERE box = ?", (box_id,))
    return int(found[0]["n"])


@dataclass(slots=True)
class _Stick:
    """One bundle's session, inside the caller's transactions."""

    archive: Archive
    keys: HospitalKeys
    authority: Authority | None
    box: Box
    opening: bundle_format.Opening
    aside: int = 0
    has_hello: bool = False
    fork: bool = False
    ask: bytes = b""
    touched: dict[str, None] = field(default_factory=dict)
    nacks: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: tuple[hospital.WaitingFrame, ...] = ()

    def take(self, received: ReceivedFrame) -> None:
        """Take one frame; whatever it is, the frames behind it are taken too."""
        header: Header
        payload: bytes | None
        try:
            name = peek_up(received.frame).kid_sig
            signer = rotation.signer(self.archive, self.box, name, received.received_ms)
            header, payload = open_up(received.frame, self.keys, signer)
        except UnopenableFrame as error:
            header, payload = error.header, None
        except (EnvelopeError, MessageError) as error:
            self._refuse(type(error).__name__, received)
            return
        if header.nonce != self.opening.nonce:
            return
        received = replace(received, lane=header.lane)
        try:
            self._open(header, payload, received)
        except MessageError:
            self._refuse("malformed frame", received)

    def remember(self, now_ms: int) -> None:
        """Remember what the answer depends on, with what it answers in one transaction."""
        if not self.has_hello:
            return
        place = self.opening.nonce, self.opening.epoch, int(self.fork), self.ask
        noted = json.dumps(self.nacks), json.dumps(list(self.touched))
        self.archive.execute(
            "INSERT INTO stick (box, nonce, epoch, fork, ask, nacks, files, read_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (box) DO UPDATE SET"
            " nonce = excluded.nonce, epoch = excluded.epoch, fork = excluded.fork,"
            " ask = excluded.ask, nacks = excluded.nacks, files = excluded.files,"
            " read_ms = excluded.read_ms",
            (self.box.id, *place, *noted, now_ms),
        )

    def _open(self, header: Header, payload: bytes | None, received: ReceivedFrame) -> None:
        if header.lane == HELLO_LANE:
            self._hello_lane(header, payload or b"", received)
        elif not self.has_hello or self.fork:
            return  # it was not admitted, or asks for a new beginning first
        elif header.lane == chunks.LANE:
            self._chunk(payload or b"", received)
        else:
            self._records(header, payload, received)

    def _hello_lane(self, header: Header, payload: bytes, received: ReceivedFrame) -> None:
        active = self.box.standing == boxes.ACTIVE
        if is_ask(payload):
            self.ask = payload
        elif is_renewal(payload) and active:
            self._renew(payload, received)
        elif is_announcement(payload) and active:
            name = header.kid_sig
            rotation.accept_announcement(
                self.archive, self.box, payload, name, received.received_ms
            )
        else:
            self._hello(payload, received)
            self._use_pair(header.kid_sig, received)
            if active:
                renewals.catch_up(
                    self.archive, self.keys, self.box, header.kid_enc, received.received_ms
                )

    def _hello(self, payload: bytes, received: ReceivedFrame) -> None:
        hello = decode(payload)
        if not isinstance(hello, Hello) or hello.epoch != self.opening.epoch:
            raise MessageError("no greeting of this bundle")
        state = replace(custody.load(self.archive, self.box), standing=boxes.ACTIVE)
        self.fork = hello.fork
        if hello.epoch >= state.epoch and not hello.fork:
            event = hospital.HelloArrived(hello, False, received.received_ms)
            _, effects = hospital.step(state, event)
            self._admit(effects, received)
        self.has_hello = True
        custody.note_missing(self.archive, self.box.id, state, hello)

    def _use_pair(self, name: bytes, received: ReceivedFrame) -> None:
        """Seal to a pair that was announced and is used now; an old stick changes nothing."""
        sql = "SELECT 1 AS n FROM box_key WHERE box = ? AND kid = ? AND until_ms IS NULL"
        if self.archive.rows(sql, (self.box.id, name)):
            rotation.use_pair(self.archive, self.box, name, received.received_ms)
            self.box = boxes.get(self.archive, self.box.id) or self.box

    def _admit(self, effects: Iterable[hospital.Effect], received: ReceivedFrame) -> None:
        for effect in effects:
            match effect:
                case hospital.Admit():
                    custody.admit_by_hand(self.archive, self.box.id, effect, received.received_ms)
                case hospital.Reply(Fence(reason=reason)):
                    raise HospitalError(f"box {self.box.id} is not admitted: {reason}")

    def _renew(self, payload: bytes, received: ReceivedFrame) -> None:
        if self.authority is None:
            return
        try:
            request = decode_renewal(payload)
            with self.archive.attempt():
                renewals.grant(
                    self.archive, self.authority, self.box, request, received.received_ms
                )
        except AuthorityError as error:
            log.warning("box %s: no new certificate: %s", self.box.id, error)

    def _chunk(self, payload: bytes, received: ReceivedFrame) -> None:
        chunk = chunks.decode_chunk(payload)
        if (
            attachments.receive_chunk(self.archive, self.box, chunk, received.received_ms)
            is not None
        ):
            self.touched[str(UUID(bytes=chunk.file))] = None

    def _records(self, header: Header, payload: bytes | None, received: ReceivedFrame) -> None:
        rows = None if payload is None else framing.disclose(header, payload)
        try:
            with self.archive.attempt():
                self._step(header, rows, received)
        except (ArchiveDown, HospitalError):
            raise
        except Exception:  # our own fault: like what cannot be read, it is kept and passed
            log.exception("box %s lane %s %d", self.box.id, header.lane, header.first_seq)
            self._step(header, None, received)

    def _step(self, header: Header, rows: list[bytes] | None, received: ReceivedFrame) -> None:
        if header.lane in streams(self.archive, self.box.id, self._side()):
            self._branch(header, rows, received)  # as the records before them
            return
        here = self._here(self.opening.epoch)
        after, effects = hospital.step(here, hospital.FrameArrived(header, rows))
        if any(isinstance(e, hospital.Refuse) and e.reason == hospital.FORK for e in effects):
            self._branch(header, rows, received)
            return
        replies = custody.carry_out(self.archive, self.box, effects, received)
        for effect in effects:
            if isinstance(effect, hospital.Store):
                self._keep(effect, received)
        for reply in replies:
            if isinstance(reply, Nack) and reply.reason == UNREADABLE:
                self.nacks.setdefault(reply.lane, (reply.first_seq, reply.n))
        self.waiting = after.waiting

    def _here(self, epoch: int) -> hospital.HospitalBox:
        """Return the box as this session finds it, with the streams of an epoch."""
        return replace(
            custody.load(self.archive, self.box),
            epoch=self.opening.epoch,
            nonce=self.opening.nonce,
            standing=boxes.ACTIVE,
            streams=streams(self.archive, self.box.id, epoch),
            waiting=self.waiting,
        )

    def _branch(self, header: Header, rows: list[bytes] | None, received: ReceivedFrame) -> None:
        """Keep a history that is not ours: a card fell back, and this stick is from before that.

        Its records may be nowhere else. They go into a stream of their own, under an epoch that
        no box counts to and that the stick's nonce gives, so that reading it again adds nothing.
        """
        side = self._side()
        here = self._here(side)
        begun = Position(header.first_seq - 1, header.prev_chain)
        here = replace(here, streams={header.lane: begun} | dict(here.streams), waiting=())
        _, effects = hospital.step(here, hospital.FrameArrived(header, rows))
        kept = [replace(e, epoch=side) for e in effects if isinstance(e, hospital.Store)]
        custody.carry_out(self.archive, self.box, kept, received)
        for effect in kept:
            self._keep(effect, received)
        self.aside += len(kept)

    def _side(self) -> int:
        return -1 - int.from_bytes(self.opening.nonce[:SIDE_BYTES], "big")

    def _keep(self, effect: hospital.Store, received: ReceivedFrame) -> None:
        place = effect.epoch, effect.lane, effect.first_seq, len(effect.records)
        custody.keep_frame(self.archive, self.box.id, place, received)

    def _refuse(self, reason: str, received: ReceivedFrame) -> None:
        custody.refuse(self.archive, self.box.id, reason, received)


def streams(archive: Archive, box_id: str, epoch: int) -> dict[str, Position]:
    """Return what is held of a box's streams of an epoch."""
    rows = archive.rows(
        "SELECT lane, cum, chain, safe, safe_chain FROM stream WHERE box = ? AND epoch = ?",
        (box_id, epoch),
    )
    return {
        r["lane"]: Position(r["cum"], bytes(r["chain"]), r["safe"], bytes(r["safe_chain"]))
        for r in rows
    }
