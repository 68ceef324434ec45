"""A box and a hospital, a stick that is carried between them, and a line when a test says so."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from box_on_wire import NOW_MS
from hand_clock import HandClock

from edge.feed import replica
from edge.files import attachments
from edge.model.entry import Entry, Lane, content_id
from edge.model.feed_item import Item
from edge.settings.box_settings import Settings
from edge.store import damage, journal, outbox
from edge.store.store import Store
from hospital.archive.sqlite import SqliteArchive
from hospital.bundles import answer as bundles_answer
from hospital.bundles import read as bundles_read
from hospital.feed import feed as clinic_feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving.receiver import Receiver
from sync.box.feed_client import FeedClient
from sync.box.outbox import StoreOutbox
from sync.box.sealing import seal_records
from sync.bundles import bundle_format, read_answer
from sync.bundles import write as bundles_write
from sync.core import BoxSession, MessageError, box, decode_down, encode, hello_header
from sync.core import session as core
from sync.frames.envelope import EnvelopeError, open_down, seal_up
from sync.keys.keys import BoxKeys, HospitalKeys
from sync.keys.membership import Membership
from sync.link.transport import Address, Tls

KEYS = BoxKeys.generate()
HOSPITAL = HospitalKeys.generate()
CLINIC = "Thar"
BOX = "box-test"


class Post:
    """A box, a hospital, and a folder that is carried between them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, HandClock()
        self.stick = folder / "stick"
        self.stick.mkdir(parents=True)
        self.settings = Settings(home=folder, box_id=BOX, clinic=CLINIC)
        self.store = Store.create(folder / "box.db", BOX)
        self.archive = SqliteArchive.open(folder / "archive.db")
        nowhere = Tls(Path(), Path(), Path())
        self.member = Membership(BOX, Address("127.0.0.1", 1), nowhere, KEYS, HOSPITAL.public)
        with self.archive.transaction():
            boxes.enter(self.archive, Box(BOX, CLINIC, KEYS.public, "0a", NOW_MS))

    def close(self) -> None:
        self.store.close()
        self.archive.close()

    # --- the box ------------------------------------------------------------------------------

    def record(self, count: int, lane: Lane = Lane.CLINICAL) -> None:
        with self.store.transaction():
            for number in range(count):
                body = {"number": number, "salt": os.urandom(4).hex()}
                journal.append_in(self.store, lane, Entry("view", self.clock.advance(1), body))

    def photo(self, size: int) -> str:
        data = os.urandom(size)
        now = self.clock.advance(1)
        return attachments.add(self.store, self.folder, now, data, "image/jpeg")

    def write(self) -> Path:
        now = self.clock.advance(1)
        return bundles_write.write(self.store, self.settings, self.member, now, self.stick).file

    def read(self) -> read_answer.AnswerResult:
        now = self.clock.advance(1)
        return read_answer.read(self.store, self.settings, self.member, now, self.stick)

    def made(self) -> set[str]:
        entries = [e.canonical() for _, e in journal.since(self.store, 0, 100_000)]
        return {str(content_id(BOX, record)) for record in entries}

    def confirmed(self) -> set[str]:
        """Return the content ids of what the box takes for confirmed."""
        rows = self.store.rows(
            "SELECT j.record FROM journal j JOIN stream s ON s.lane = j.lane"
            " WHERE j.id <= s.cum_entry"
        )
        return {str(content_id(BOX, r["record"].encode("utf-8"))) for r in rows}

    def waiting(self) -> int:
        return outbox.ledger(self.store).waiting

    def roll_back(self, image: Path) -> None:
        """Put the card back to an image that `copy_card` made."""
        self.store.close()
        for name in ("box.db", "box.db-wal", "box.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(image, self.folder / "box.db")
        self.store = Store.open(self.folder / "box.db")

    def copy_card(self, name: str) -> Path:
        image = self.folder / name
        image.unlink(missing_ok=True)
        self.store.copy_to(image)
        return image

    # --- the hospital -------------------------------------------------------------------------

    def take(self, file: Path | None = None) -> int:
        """Let the hospital read a bundle, or all that are on the stick, and answer."""
        files = (
            [file] if file else [o.file for o in bundle_format.found(self.stick, bundle_format.UP)]
        )
        records = 0
        for one in files:
            records += bundles_read.read_bundle(self.archive, HOSPITAL, one, NOW_MS).records
        self.answer()
        return records

    def answer(self) -> Path:
        return bundles_answer.write(self.archive, HOSPITAL, BOX, self.stick, NOW_MS).file

    def tell(self, number: int, count: int = 1) -> None:
        """Tell the clinic something: replies by a number, each newer than the one before."""
        with self.archive.transaction():
            for at in range(number, number + count):
                body = {"patient": f"p{at}", "text": "take it twice a day " + os.urandom(9).hex()}
                item = Item("reply", f"r{at}", NOW_MS + at, body)
                clinic_feed.put(self.archive, CLINIC, item)

    def held(self) -> set[str]:
        return {r["id"] for r in self.archive.rows("SELECT id FROM record")}

    def agree_on_the_feed(self) -> bool:
        """Whether the replica is at the feed's newest version, bucket by bucket."""
        with self.archive.transaction():
            source = clinic_feed.lock(self.archive, CLINIC)
            head, sums = source.head(), source.sums()
        at = replica.cursor(self.store)
        return (at.epoch, at.ver) == (head.epoch, head.ver) and replica.sums(self.store) == sums

    # --- the line -----------------------------------------------------------------------------

    def online(self, frames: int = 200) -> None:
        """Hold one session over a line that carries so many frames of the box and then breaks."""
        _Line(self).hold(frames)


class _Line:
    """One session: the box's core and feed on one side, the receiver on the other."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.queue = StoreOutbox(post.store, on_damage=self._mark_damage)
        self.receiver = Receiver(post.archive, HOSPITAL)
        self.session = BoxSession()
        self.feeding = FeedClient(post.store, self._ask)
        self.up: list[tuple[str, bytes]] = []

    def hold(self, frames: int) -> None:
        self._feed(core.Start(self._now(), os.urandom(8)))
        self._feed(core.LinkUp(self._now()))
        while self.up and frames:
            frames -= 1
            lane, frame = self.up.pop(0)
            for out in self.receiver.receive(f"cs/1/u/{BOX}/{lane}", frame, NOW_MS):
                self._hear(out.payload)

    def _mark_damage(self) -> None:
        damage.check(self.post.store, self.post.clock.now())

    def _hear(self, frame: bytes) -> None:
        member = self.post.member
        try:
            header, payload = open_down(frame, BOX, member.keys, member.hospital)
            if header.channel == "f":
                self.feeding.receive(header.nonce, payload, self._now())
            elif header.channel == "r":
                self._feed(core.MessageArrived(self._now(), decode_down(payload)))
        except (EnvelopeError, MessageError) as error:
            raise AssertionError(f"the line brought nonsense: {error}") from error

    def _feed(self, event: core.Event) -> None:
        self.session, effects = box.step(self.session, event, self.queue)
        for effect in effects:
            self._do(effect)
        streaming = self.session.phase is core.Phase.STREAMING
        self.feeding.follow(self.session.nonce if streaming else None, self._now())

    def _do(self, effect: core.Effect) -> None:
        store, now = self.post.store, self.post.clock.now()
        match effect:
            case core.SendHello():
                self._say(encode(box.hello(self.queue, effect, {})), effect.nonce)
            case core.SendFrame():
                packed = self.queue.packed(effect)
                for _, sealed in seal_records(self.post.member, effect, packed, lambda *_: None):
                    self.up.append((effect.lane, sealed))
            case core.PersistCustody(lane, cum, safe):
                outbox.mark_custody(store, Lane(lane), cum, safe, now)
            case core.StartEpoch(epoch, reason):
                outbox.start_epoch(store, epoch, now, reason)

    def _ask(self, payload: bytes) -> None:
        self._say(payload, self.session.nonce)

    def _say(self, payload: bytes, nonce: bytes) -> None:
        member = self.post.member
        header = hello_header(BOX, nonce, self.queue.epoch())
        self.up.append(("h", seal_up(header, payload, member.keys, member.hospital)))

    def _now(self) -> int:
        return self.post.clock.advance(1).t_ms


def other_keys(post: Post) -> Membership:
    """Return the box's membership with keys of its own making, which the hospital does not know."""
    return replace(post.member, keys=BoxKeys.generate())
