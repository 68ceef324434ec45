"""`python -m sync.courier`: brings the box's records to the hospital whenever there is a way.

One loop over one queue. The courier decides nothing about delivery: it turns what happens into
events for the protocol core, carries out the core's effects, and tells the screens what is so.
All it remembers for good is custody, from signed receipts; killed at any moment, it starts again
from the box's file.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import sleep

from edge.model.clock import Anchor, ClockQuality, Stamp
from edge.model.entry import Lane
from edge.settings import remote_settings
from edge.settings.box_settings import Settings, home_folder
from edge.store import clock_anchors, issues, outbox, poison
from edge.store.store import Store
from sync.box import key_commands
from sync.box.commands import HANDLERS, obey
from sync.box.feed_client import CHANNEL as FEED
from sync.box.feed_client import FeedClient
from sync.box.file_client import FileClient, StoreUploads
from sync.box.outbox import StoreOutbox
from sync.bundles.usb_worker import UsbWorker
from sync.core import BoxSession, MessageError, Phase, box, decode_down, encode, hello_header
from sync.core import session as core
from sync.core.command import CHANNEL as COMMANDS
from sync.courier.data_budget import DataBudget
from sync.courier.housekeeping import Housekeeping
from sync.courier.link_status import LinkStatus
from sync.courier.sealed_link import SealedLink
from sync.courier.unsaved_receipts import UnsavedReceipt, UnsavedReceipts
from sync.files import chunks
from sync.frames.envelope import EnvelopeError
from sync.keys import membership
from sync.keys.keys import SIGN_FILE, KeyFileError
from sync.keys.membership import Membership
from sync.link.transport import (
    Down,
    Event,
    LinkError,
    Message,
    PublishAcked,
    PublishFailed,
    Up,
    Why,
)

log = logging.getLogger(__name__)

POLL_S = 0.25
RECHECK_S = 3.0
AFTER_ERROR_S = 5.0
SETTLE_MS = 2_000
COUNT_MS = 60_000
CONTROL = "r"


class Courier:
    """One member's courier over an open store; `turn` it until it is no longer needed."""

    def __init__(self, store: Store, member: Membership, settings: Settings) -> None:
        self._store = store
        self._member = member
        self._home = settings.home
        self._retry_cap_ms = settings.link_retry_cap_s * 1000
        self._clock = store.clock()
        self._radio = SealedLink(member, settings.home, self._now)
        self._link = self._radio.link
        self._voice = LinkStatus(store, self._now, member.address.host)
        self._purse = DataBudget(store, settings.daily_bytes, self._radio.spent, self._now())
        self._outbox = StoreOutbox(store, self._purse.may_send)
        self._session = BoxSession()
        self._feeding = FeedClient(store, self._say)
        self._filing = FileClient(StoreUploads(store, settings.home), self._say_chunk)
        self._sticks = UsbWorker(settings, member)
        self._errands = Housekeeping(store, member, settings, self._radio, self._purse)
        self._orders = {**HANDLERS, **key_commands.handlers(settings.keys)}
        self._offline_ms = 0
        self._owed = UnsavedReceipts()
        self._sent: dict[str, int] = {}
        self._settle_ms = 0
        self._count_ms = 0
        self._counted_ms = 0
        self._was_up = False
        self._position = store.journal_position()

    def start(self) -> None:
        """Begin to dial."""
        self._sticks.start()
        self._feed(core.Start(self._now().t_ms, os.urandom(8)))

    def turn(self) -> None:
        """Wait for one event, at most a quarter of a second, and do what follows from it."""
        event = self._link.take(self._patience_s())
        if event is not None:
            self._hear(event)
        if self._journal_grew():
            self._feed(core.RecordsAppended(self._now().t_ms))
        self._watch_the_time()

    def close(self) -> None:
        """Say goodbye."""
        self._radio.close()
        self._sticks.stop()
        self._write(lambda: self._purse.settle(self._now()))
        self._voice.goodbye()

    # --- what happens ------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        match event:
            case Up():
                self._feed(core.LinkUp(self._now().t_ms))
            case Down(why, detail):
                self._lose(why, detail)
            case Message(topic, payload):
                self._open(topic, payload)
            case PublishFailed(_, reason):
                self._lose(Why.REFUSED, f"the broker refuses our frames: {reason}")
            case PublishAcked(_, heard) if not heard:
                self._lose(Why.UNREACHABLE, "nobody listens at the hospital")

    def _open(self, topic: str, frame: bytes) -> None:
        try:
            header, payload = self._radio.open(frame)
            if header.channel == FEED:
                self._feeding.hear(header.nonce, payload, self._now().t_ms)
            if header.channel == chunks.CHANNEL and header.nonce == self._session.nonce:
                self._write(lambda: self._filing.hear(payload))
            if header.channel == COMMANDS:
                self._write(lambda: obey(self._store, self._now(), payload, self._orders))
            if header.channel != CONTROL:
                self._radio.heard(header.channel, len(frame))
                return
            message = decode_down(payload)
            self._radio.heard(header.channel, len(frame), message)
        except (EnvelopeError, MessageError) as error:
            log.warning("dropped a frame on %s: %s", topic, error)
            return
        except LinkError as error:
            self._lose(Why.LOST, str(error))
            return
        self._feed(core.MessageArrived(self._now().t_ms, message))

    def _journal_grew(self) -> bool:
        # Not by data_version: it is silent about entries that we append ourselves.
        before, self._position = self._position, self._store.journal_position()
        return self._position != before

    def _watch_the_time(self) -> None:
        now_ms = self._now().t_ms
        self._watch_the_feed(now_ms)
        due = box.deadline(self._session)
        if due is not None and now_ms >= due:
            self._feed(core.Tick(now_ms))
        elif self._may_try_early(now_ms):
            self._feed(core.Start(now_ms, os.urandom(8)))
        if now_ms >= self._settle_ms:
            self._settle_ms = now_ms + SETTLE_MS
            self._settle()
            self._note_sent()
            self._count(now_ms)

    def _count(self, now_ms: int) -> None:
        """Keep the books of the link; what a new day allows again is sent."""
        up = self._session.phase is Phase.STREAMING
        if now_ms >= self._count_ms or (up and not self._was_up):
            since_s = (now_ms - self._counted_ms) // 1000
            self._count_ms, self._counted_ms = now_ms + COUNT_MS, now_ms
            self._write(lambda: self._purse.settle(self._now(), since_s if self._was_up else 0))
            self._was_up = up
            if up:
                self._feed(core.RecordsAppended(now_ms))
                self._run_errands()

    def _run_errands(self) -> None:
        try:
            self._errands.run(self._now(), self._session)
        except LinkError as error:
            self._lose(Why.LOST, str(error))

    def _say_chunk(self, payload: bytes) -> None:
        session = self._session
        self._radio.say(chunks.header(self._member.box_id, session.epoch, session.nonce), payload)

    def _carry_files(self, now_ms: int) -> None:
        """Send chunks while no record waits for its receipt, so that none ever waits for them."""
        if not self._link.up or self._session.phase is not Phase.STREAMING:
            self._filing.forget()
        elif self._purse.may_send(chunks.LANE) and self._at_rest():
            self._filing.pump(now_ms)

    def _at_rest(self) -> bool:
        held = (self._outbox.held(lane) for lane in self._outbox.lanes())
        return all(h.cum == h.last for h in held)

    def _watch_the_feed(self, now_ms: int) -> None:
        streaming = self._session.phase is Phase.STREAMING
        try:
            self._carry_files(now_ms)
            self._feeding.follow(self._session.nonce if streaming else None, now_ms)
            self._feeding.tick(now_ms)
        except LinkError as error:
            self._lose(Why.LOST, str(error))

    def _may_try_early(self, now_ms: int) -> bool:
        offline = self._session.phase is Phase.OFFLINE
        return offline and now_ms - self._offline_ms >= self._retry_cap_ms

    def _patience_s(self) -> float:
        due = box.deadline(self._session)
        if due is None:
            return POLL_S
        return min(POLL_S, max(0.0, (due - self._now().t_ms) / 1000))

    # --- what follows from it ----------------------------------------------------------------

    def _feed(self, event: core.Event) -> None:
        was = self._session.phase
        self._session, effects = box.step(self._session, event, self._outbox)
        if self._session.phase is Phase.OFFLINE and was is not Phase.OFFLINE:
            self._offline_ms = event.now_ms
        try:
            for effect in effects:
                self._do(effect, event.now_ms)
        except LinkError as error:
            self._lose(Why.LOST, str(error))
        self._voice.show(self._session)

    def _do(self, effect: core.Effect, now_ms: int) -> None:
        match effect:
            case core.Dial():
                self._radio.event("dial")
                self._link.open()
            case core.HangUp(reason):
                self._link.close()
                self._radio.event("hang up", reason)
                self._voice.complain(Why.UNREACHABLE, reason)
            case core.SendHello():
                self._say_hello(effect)
            case core.SendFrame():
                self._send(effect)
            case _:
                self._remember(effect, now_ms)

    def _remember(self, effect: core.Effect, now_ms: int) -> None:
        match effect:
            case core.PersistCustody(lane, cum, safe):
                self._confirm(UnsavedReceipt(lane, self._session.epoch, cum, safe))
            case core.StartEpoch(epoch, reason):
                outbox.start_epoch(self._store, epoch, self._now(), reason)
            case core.AnchorClock(utc_ms, error_ms):
                self._anchor(now_ms, utc_ms, error_ms)
            case core.Note():
                self._voice.note(effect)

    def _say_hello(self, effect: core.SendHello) -> None:
        self._owed.forget()  # the answer states custody anew, perhaps that of a restored hospital
        member, now = self._member, self._now()
        about = {
            "version": version("healthpost"),
            "clock": str(now.quality),
            "free_mb": str(shutil.disk_usage(self._home).free // 1_000_000),
        }
        hello = box.hello(self._outbox, effect, about)
        header = hello_header(member.box_id, effect.nonce, hello.epoch)
        self._radio.say(header, encode(hello))

    def _say(self, payload: bytes) -> None:
        epoch = self._outbox.epoch()
        self._radio.say(hello_header(self._member.box_id, self._session.nonce, epoch), payload)

    def _send(self, frame: core.SendFrame) -> None:
        lane = Lane(frame.lane)

        def poisoned(seq: int, why: str) -> None:
            self._write(lambda: poison.note(self._store, self._now(), lane, seq, why))

        self._radio.send(frame, self._outbox.packed(frame), poisoned)
        self._sent[frame.lane] = frame.first_seq + frame.n - 1

    def _lose(self, why: Why, detail: str) -> None:
        self._link.close()
        self._radio.event(str(why), detail)
        self._voice.complain(why, detail)
        self._feed(core.LinkLost(self._now().t_ms))

    def _anchor(self, t_ms: int, utc_ms: int, error_ms: int) -> None:
        anchor = Anchor(self._clock.boot, t_ms, utc_ms, error_ms, ClockQuality.HOSPITAL)
        self._write(lambda: clock_anchors.remember(self._store, self._now(), anchor))
        self._clock = self._store.clock()

    def _settle(self) -> None:
        """Write down what receipts have said and a full disk refused, while it is still so."""
        for debt in self._owed.due(self._outbox):
            self._confirm(debt)

    def _confirm(self, debt: UnsavedReceipt) -> None:
        now, lane, to = self._now(), Lane(debt.lane), (debt.cum, debt.safe)
        if not self._write(lambda: outbox.mark_custody(self._store, lane, *to, now)):
            self._owed.owe(debt)
            return
        self._owed.pay(debt)
        if self._sent.get(debt.lane, 0) <= debt.cum:
            self._sent.pop(debt.lane, None)

    def _note_sent(self) -> None:
        """Write down what went out and has no receipt yet; mostly the receipt comes first."""
        for lane, last in list(self._sent.items()):
            if self._write(partial(outbox.mark_sent, self._store, Lane(lane), last)):
                del self._sent[lane]

    def _write(self, write: Callable[[], object]) -> bool:
        return self._voice.write(write)

    def _now(self) -> Stamp:
        return self._clock.now()


def serve(home: Path, stopping: Callable[[], bool]) -> None:
    """Carry records until told to stop, or until the box's papers change (then call it again)."""
    settings = Settings.load(home)
    papers = _papers(settings)
    store = Store.open(settings.database)
    try:
        member = _member(store, settings)
        if member is None:
            _wait(lambda: stopping() or _papers(settings) != papers)
            return
        present = remote_settings.effective(settings, store)
        courier = Courier(store, member, present)

        def moved() -> bool:
            now = remote_settings.effective(settings, store)
            return (_papers(settings), now) != (papers, present)

        _carry(courier, store, stopping, moved)
    finally:
        store.close()


def main() -> None:
    """Serve the box of HEALTHPOST_HOME until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: told.append(signum))
    while not told:
        try:
            serve(home_folder(), lambda: bool(told))
        except Exception:  # the loop of the process: whatever it was, records are safe on disk
            log.exception("the courier starts again")
            _wait(lambda: bool(told), AFTER_ERROR_S)


def _member(store: Store, settings: Settings) -> Membership | None:
    now = store.clock().now()
    try:
        member = membership.load(settings)
    except KeyFileError as error:
        log.error("%s", error)
        issues.note(store, now, "link-refused", detail="its keys are damaged")
        return None
    if member is None:
        issues.note(store, now, "not-enrolled")
    else:
        issues.clear(store, "not-enrolled")
    return member


def _carry(
    courier: Courier, store: Store, stopping: Callable[[], bool], moved: Callable[[], bool]
) -> None:
    clock = store.clock()
    recheck_ms = int(RECHECK_S * 1000)
    checked = clock.now().t_ms
    courier.start()
    try:
        while not stopping():
            courier.turn()
            if clock.now().t_ms - checked >= recheck_ms:
                checked = clock.now().t_ms
                if moved():
                    return
    finally:
        courier.close()


def _papers(settings: Settings) -> tuple[int, ...]:
    names = (membership.CERTIFICATE_FILE, membership.HOSPITAL_FILE, membership.CA_FILE, SIGN_FILE)
    files = [settings.file, *(settings.keys / name for name in names)]
    return tuple(f.stat().st_mtime_ns if f.exists() else 0 for f in files)


def _wait(done: Callable[[], bool], limit_s: float | None = None) -> None:
    waited = 0.0
    while not done() and (limit_s is None or waited < limit_s):
        sleep(POLL_S)
        waited += POLL_S


if __name__ == "__main__":
    main()
