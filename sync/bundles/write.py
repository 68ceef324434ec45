"""Writes a bundle: everything that waits for the hospital, onto a USB stick.

To the protocol a stick is a session of its own, with a nonce that the box remembers. A bundle
has what the link would send: a HELLO, the records of each lane, the ask for the clinic's feed, a
request for a certificate when it is due, and the files. What is on a stick counts as waiting until
the hospital has acknowledged it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.bundles import sent
from edge.bundles.sent import SentBundle
from edge.feed import replica
from edge.files import attachments
from edge.model.clock import TRUSTED, Stamp
from edge.model.entry import Lane
from edge.settings.box_settings import Settings
from edge.store import damage, issues, outbox, poison
from edge.store.store import Store
from sync.box import key_commands
from sync.box.outbox import StoreOutbox
from sync.box.sealing import DAMAGED, seal_records
from sync.bundles import bundle_format
from sync.bundles.bundle_format import BundleError, Opening, Writer
from sync.core import encode, hello, hello_header
from sync.core.feed_messages import Ask, encode_ask
from sync.core.header import Header
from sync.core.session import SendFrame, SendHello
from sync.files import chunks
from sync.files.chunks import Chunk
from sync.frames.envelope import seal_chunk, seal_up, sign_manifest
from sync.keys.keys import KeyFileError, certificate_request, kid
from sync.keys.membership import Membership

BY_HAND = {"by": "hand"}


@dataclass(frozen=True, slots=True)
class WrittenBundle:
    """What went onto the stick; `left` records and files found no room on it."""

    file: Path
    records: int
    size: int
    files: int
    left: int


def write(
    store: Store, settings: Settings, member: Membership, now: Stamp, folder: Path
) -> WrittenBundle:
    """Write what waits, as far as the stick has room, most urgent first; raises `BundleError`.

    Earlier bundles stay beside it until the hospital has receipted what they carry.
    """
    tidy(store, member.box_id, folder)
    nonce, fork = os.urandom(8), issues.is_noted(store, outbox.DIFFERS)
    epoch = StoreOutbox(store).epoch()
    hospital = kid(member.hospital.sign)
    opening = Opening(bundle_format.UP, member.box_id, hospital, nonce, epoch, max(0, now.wall_ms))
    file = folder / bundle_format.up_name(member.box_id, nonce)
    with bundle_format.writing(
        file, opening, lambda b: sign_manifest(b, member.keys.sign)
    ) as writer:
        load = _Load(store, settings, member, now, opening, writer)
        load.add_hello(fork)
        if not fork:
            load.add_records()
            load.add_files()
        if StoreOutbox(store).epoch() != epoch:
            text = "the records were numbered anew meanwhile: write once more"
            raise BundleError(text, bundle_format.RENUMBERED)
        writer.close(load.lanes, len(load.parts))
        # Before the file has its name: an answer to a bundle that nobody remembers is worthless.
        sent.remember(store, load.sent_bundle())
    return WrittenBundle(file, load.count(), writer.size, len(load.parts), load.left)


def tidy(store: Store, box_id: str, folder: Path) -> None:
    """Remove the bundles from a stick whose records all have a receipt."""
    for outline in bundle_format.found(folder, bundle_format.UP):
        bundle = sent.get(store, outline.opening.nonce)
        ours = outline.opening.box_id == box_id and bundle is not None
        if ours and bundle is not None and sent.is_confirmed(store, bundle):
            with suppress(OSError):
                outline.file.unlink()
    for draft in folder.glob(f"healthpost-{box_id}-*.part"):
        with suppress(OSError):
            draft.unlink()  # of a write that the power cut


@dataclass(slots=True)
class _Load:
    """One bundle as it fills; `full` when something found no room."""

    store: Store
    settings: Settings
    member: Membership
    now: Stamp
    opening: Opening
    writer: Writer
    lanes: dict[str, tuple[int, int]] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    reach: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    left: int = 0
    full: bool = False

    def add_hello(self, fork: bool) -> None:
        """Add the HELLO, the ask for the feed, and requests about certificate and keys."""
        nonce, epoch = self.opening.nonce, self.opening.epoch
        header = hello_header(self.member.box_id, nonce, epoch)
        message = hello(StoreOutbox(self.store), SendHello(nonce, fork), BY_HAND)
        self._seal(header, encode(message))
        self._seal(header, encode_ask(self._feed_ask()))
        if self._certificate_is_due():
            request = certificate_request(self.member.keys, self.member.box_id)
            self._seal(header, key_commands.encode_renewal(request))
        announcement = key_commands.announcement(
            self.member.box_id, self.settings.keys, self.member.keys
        )
        if announcement is not None:
            self._seal(header, announcement)

    def add_records(self) -> None:
        """Add the waiting records of every lane, alerts first."""
        queue = StoreOutbox(self.store, on_damage=lambda: damage.check(self.store, self.now))
        for lane in queue.lanes():
            state = queue.held(lane)
            last = state.cum if self.full else self._lane(queue, lane, state.cum + 1, state.last)
            self.left += state.last - last
            self.since[lane] = state.cum
            if last > state.cum:
                self.lanes[lane] = state.cum + 1, last
                self.reach[lane] = outbox.entry_at(self.store, Lane(lane), last)

    def add_files(self) -> None:
        """Add the chunks that the hospital lacks, while there is room."""
        for upload in attachments.unsent(self.store, self.reach.get(Lane.CLINICAL.value, 0)):
            for index in range(upload.total):
                if self.full or chunks.has(upload.have, index):
                    continue
                data = attachments.read_chunk(self.settings.home, upload, index)
                sealed = seal_chunk(upload.key, (upload.file_id, index, upload.total), data)
                header = chunks.header(self.member.box_id, self.opening.epoch, self.opening.nonce)
                self._seal(header, chunks.encode_chunk(Chunk(upload.file_id, index, sealed)))
            if self.full:
                self.left += 1
            else:
                self.parts.append(upload.id)

    def count(self) -> int:
        """Return how many records are on it."""
        return sum(last - first + 1 for first, last in self.lanes.values())

    def sent_bundle(self) -> SentBundle:
        """Return what is remembered of it."""
        opening, at = self.opening, replica.cursor(self.store)
        return SentBundle(
            nonce=opening.nonce,
            epoch=opening.epoch,
            written_ms=opening.made_ms,
            records=self.count(),
            since=self.since,
            reach=self.reach,
            files=self.parts,
            cursor=at,
        )

    def _lane(self, queue: StoreOutbox, lane: str, first: int, last: int) -> int:
        """Add a lane's records from `first` on; return the last one that found room."""
        while first <= last and not self.full:
            alone = sent.is_alone(self.store, lane, self.opening.epoch, first)
            n = 1 if alone else min(queue.fit(lane, first), last - first + 1)
            before = queue.chain_at(lane, first - 1)
            if n == 0 or before is None:
                break
            nonce, epoch = self.opening.nonce, self.opening.epoch
            self._frames(queue, SendFrame(lane, epoch, first, n, before, nonce, alone))
            first += 0 if self.full else n
        return first - 1

    def _frames(self, queue: StoreOutbox, send: SendFrame) -> None:
        def poisoned(seq: int, why: str) -> None:
            if why == DAMAGED:
                return
            poison.note(self.store, self.now, Lane(send.lane), seq, why)

        for _, sealed in seal_records(self.member, send, queue.packed(send), poisoned):
            self._add(sealed)

    def _seal(self, header: Header, payload: bytes) -> None:
        self._add(seal_up(header, payload, self.member.keys, self.member.hospital))

    def _add(self, frame: bytes) -> None:
        self.full = self.full or not self.writer.add(frame)

    def _feed_ask(self) -> Ask:
        """Ask for what is new; for everything, when the last answer left the replica different."""
        last = sent.last_written(self.store)
        if last is not None and last.differs:
            return Ask(0, 0)
        at = replica.cursor(self.store)
        return Ask(at.epoch, at.ver, part=replica.shadow(self.store))

    def _certificate_is_due(self) -> bool:
        try:
            known = self.now.quality in TRUSTED
            return known and key_commands.is_due(self.settings.keys, self.now.wall)
        except KeyFileError:
            return False  # a box that only ever knew sticks may have none
