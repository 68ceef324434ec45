"""Reads the hospital's answer from a USB stick and applies it exactly as if it came over the link.

An answer is accepted only when the hospital signed it, it names a bundle that this box remembers,
and its chains are the box's. Reading it twice, or an old one after a newer, changes nothing:
custody only moves forward, a feed applies onto its own cursor, a command has a counter.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from edge.bundles import sent
from edge.bundles.sent import SentBundle
from edge.feed import replica
from edge.feed.command_log import Handler
from edge.files import attachments
from edge.model.clock import Stamp
from edge.model.entry import Lane
from edge.settings.box_settings import Settings
from edge.store import issues, outbox
from edge.store.store import Store
from sync import packing
from sync.box import key_commands
from sync.box.commands import HANDLERS, apply_command
from sync.box.feed_client import CHANNEL as FEED
from sync.box.feed_client import FeedClient
from sync.box.outbox import StoreOutbox
from sync.bundles import bundle_format
from sync.bundles.bundle_format import BundleError
from sync.bundles.write import tidy
from sync.core import LaneState, MessageError, box, decode_down
from sync.core import feed as core_feed
from sync.core.command import CHANNEL as COMMANDS
from sync.core.feed_messages import Chunk, decode_ask
from sync.core.feed_messages import read as read_feed
from sync.core.header import DownHeader
from sync.core.messages import UNREADABLE, DownMessage, Fence, Nack, Position, Receipt, Welcome
from sync.files import chunks
from sync.frames.envelope import EnvelopeError, manifest_holds, open_down
from sync.keys.keys import kid
from sync.keys.membership import Membership
from sync.packing import CodecError

DIFFERENT = (
    "the hospital does not hold the same records as this box: write a bundle that asks for"
    " a new beginning, read its answer, then write once more"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What the hospital's answer changed: records confirmed by it, and a new epoch if any.

    `told` is whether it changed the clinic's feed, `commands` how many were carried out,
    `damaged` how many parts could not be read; `whole` is False when it was cut off.
    """

    confirmed: int
    epoch: int | None
    told: bool = False
    commands: int = 0
    damaged: int = 0
    whole: bool = True


def read(
    store: Store, settings: Settings, member: Membership, now: Stamp, folder: Path
) -> AnswerResult:
    """Read and apply the hospital's answer; raises `BundleError`. A second time nothing changes."""
    with bundle_format.opened(_file(member, folder)) as reader:
        _check(reader, member)
        bundle = sent.get(store, reader.opening.nonce)
        if bundle is None:
            text = "this answer belongs to a bundle that this box does not remember"
            raise BundleError(text, bundle_format.UNKNOWN)
        handlers = {**HANDLERS, **key_commands.handlers(settings.keys)}
        answer = _Answer(store, member, now, bundle, handlers)
        for frame in reader.frames():
            answer.take(frame)
        result = answer.result(reader.damaged, reader.whole)
    sent.answered(store, bundle.nonce, now, differs=answer.replica_differs)
    tidy(store, member.box_id, folder)
    if answer.differs:
        raise BundleError(DIFFERENT, bundle_format.DIFFERS)
    return result


def _file(member: Membership, folder: Path) -> Path:
    file = folder / bundle_format.down_name(member.box_id)
    others = [
        o
        for o in bundle_format.found(folder, bundle_format.DOWN)
        if o.opening.box_id != member.box_id
    ]
    if not file.exists() and others:
        text = f"the answer on this stick is for box {others[0].opening.box_id}"
        raise BundleError(text, bundle_format.FOREIGN_BOX)
    return file


def _check(reader: bundle_format.Reader, member: Membership) -> None:
    opening = reader.opening
    if opening.way == bundle_format.DOWN and opening.box_id != member.box_id:
        raise BundleError(f"this answer is for box {opening.box_id}", bundle_format.FOREIGN_BOX)
    if opening.way == bundle_format.DOWN and opening.hospital != kid(member.hospital.sign):
        text = "this answer comes from another hospital than this box's"
        raise BundleError(text, bundle_format.FOREIGN_HOSPITAL)
    reader.check(
        bundle_format.DOWN, lambda body, mark: manifest_holds(body, mark, member.hospital.sign)
    )


@dataclass(slots=True)
class _Answer:
    """One answer while it is read. `differs`: the hospital holds something else than this box."""

    store: Store
    member: Membership
    now: Stamp
    bundle: SentBundle
    handlers: Mapping[str, Handler]
    epoch: int | None = None
    commands: int = 0
    unreadable: int = 0
    differs: bool = False
    confirmed_before: int = 0
    feed_before: object = None
    latest: bool = False
    replica_differs: bool = False
    feed_client: FeedClient = field(init=False)

    def __post_init__(self) -> None:
        self.confirmed_before = outbox.ledger(self.store).confirmed
        self.feed_before = self._feed_position()
        last = sent.last_written(self.store)
        self.latest = last == self.bundle and self.bundle.answered_ms is None
        self.feed_client = FeedClient(self.store, self._note_ask)
        self.feed_client.follow(self.bundle.nonce, self.now.t_ms)

    def take(self, frame: bytes) -> None:
        """Apply one frame; what cannot be read is counted."""
        member = self.member
        try:
            header, payload = open_down(frame, member.box_id, member.keys, member.hospital)
            self._apply(header, payload)
        except (EnvelopeError, MessageError, CodecError) as error:
            log.warning("a part of the answer is passed over: %s", error)
            self.unreadable += 1

    def result(self, damaged: int, whole: bool) -> AnswerResult:
        """Return what it has changed."""
        gained = 0 if self.epoch else outbox.ledger(self.store).confirmed - self.confirmed_before
        news = self._feed_position() != self.feed_before
        bad = self.unreadable + damaged
        return AnswerResult(max(0, gained), self.epoch, news, self.commands, bad, whole)

    def _apply(self, header: DownHeader, payload: bytes) -> None:
        if header.channel == COMMANDS:
            self.commands += apply_command(self.store, self.now, payload, self.handlers) is not None
        elif header.nonce != self.bundle.nonce:
            raise MessageError("a part of another answer")
        elif header.channel == FEED:
            self._apply_feed(payload)
        elif header.channel == chunks.CHANNEL:
            state = chunks.decode_held(payload)
            file_id = str(UUID(bytes=state.file))
            attachments.confirm_more(self.store, file_id, state.have, state.done)
        else:
            self._control(decode_down(payload))

    def _note_ask(self, payload: bytes) -> None:
        """Send nothing, but note that the core asks for a bucket: then the replica differs."""
        part = decode_ask(payload).part
        self.replica_differs = part is not None and part.bucket is not None and part.as_of == 0

    def _apply_feed(self, payload: bytes) -> None:
        message = read_feed(packing.expand(payload))
        if isinstance(message, Chunk) and replica.cursor(self.store) != self.bundle.cursor:
            return  # a snapshot asked for from where the replica is no more
        self.feed_client.take(core_feed.MessageArrived(self.now.t_ms, message))

    def _control(self, message: DownMessage) -> None:
        match message:
            case Fence(epoch=0):
                text = f"the hospital refuses this box: {message.reason}"
                raise BundleError(text, bundle_format.REFUSED)
            case Fence():
                self._start_epoch(message)
            case Welcome():
                for lane, place in message.lanes.items():
                    self._confirm(message.epoch, lane, place)
            case Receipt():
                self._confirm(message.epoch, message.lane, message.at)
            case Nack(reason=reason) if reason == UNREADABLE:
                last = message.first_seq + message.n - 1
                span = message.first_seq, last
                sent.ask_alone(self.store, message.lane, self.bundle.epoch, *span)

    def _start_epoch(self, fence: Fence) -> None:
        with self.store.transaction():
            epoch = StoreOutbox(self.store).epoch()
            # The bundle may be older than an epoch that began since: then this is no news.
            if self.bundle.epoch == epoch < fence.epoch:
                outbox.start_epoch(self.store, fence.epoch, self.now, fence.reason)
                issues.clear(self.store, outbox.DIFFERS)
                self.epoch = fence.epoch

    def _confirm(self, epoch: int, lane: str, place: Position) -> None:
        """Move custody forward by a statement that agrees with our chain; never back."""
        with self.store.transaction():
            queue = StoreOutbox(self.store)
            if epoch != queue.epoch() or lane not in queue.lanes():
                return
            state = queue.held(lane)
            if not box.agrees(queue, lane, place) or self._is_pruned(lane, place, state):
                issues.note(self.store, self.now, outbox.DIFFERS, detail=f"lane {lane}")
                self.differs = True
                return
            cum, safe = max(state.cum, place.cum), max(state.safe, place.safe)
            if self._is_restored(lane, place):
                cum, safe = place.cum, place.safe
            if (cum, safe) != (state.cum, state.safe):
                outbox.mark_custody(self.store, Lane(lane), cum, safe, self.now)

    def _is_pruned(self, lane: str, place: Position, state: LaneState) -> bool:
        return self._is_restored(lane, place) and place.cum < state.base

    def _is_restored(self, lane: str, place: Position) -> bool:
        """Whether the hospital holds less than it had receipted when the bundle was written.

        Then it was restored from a backup. Only for the latest bundle: an old answer may be about a
        gap that has been closed since.
        """
        return self.latest and place.cum < self.bundle.since.get(lane, 0)

    def _feed_position(self) -> object:
        return replica.cursor(self.store).ver, replica.shadow(self.store)
