"""The courier: sends the box's records to the hospital whenever the link is up.

One loop over one queue. The courier decides nothing about delivery: it turns link messages and
timers into events for the protocol core, runs the core's effects, and shows the state of the link
on the screens. Of the protocol it stores only custody, from signed receipts; after a crash it
starts again from the box's database.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from edge.model.clock import Anchor, ClockQuality, Stamp
from edge.model.entry import Lane
from edge.model.machine import boot_name, machine_name
from edge.settings.box_settings import Settings
from edge.store import clock_anchors, damage, outbox, poison
from edge.store.store import Store
from sync.box import key_commands
from sync.box.commands import HANDLERS, apply_command
from sync.box.feed_client import CHANNEL as FEED
from sync.box.feed_client import FeedClient
from sync.box.file_client import FileClient, StoreUploads
from sync.box.outbox import StoreOutbox
from sync.box.sealing import DAMAGED
from sync.bundles.usb_worker import UsbWorker
from sync.core import BoxSession, MessageError, Phase, box, decode_down, encode, hello_header
from sync.core import session as core
from sync.core.clones import BOOT, MACHINE
from sync.core.command import CHANNEL as COMMANDS
from sync.courier.housekeeping import Housekeeping
from sync.courier.link_status import LinkStatus
from sync.courier.sealed_link import SealedLink
from sync.courier.sent_bytes import SentBytes
from sync.courier.unsaved_receipts import UnsavedReceipt, UnsavedReceipts
from sync.files import chunks
from sync.frames.envelope import EnvelopeError
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
SAVE_MS = 2_000
USAGE_MS = 60_000
CONTROL = "r"


class Courier:
    """The courier of one enrolled box over an open store; call `turn` in a loop."""

    def __init__(self, store: Store, member: Membership, settings: Settings) -> None:
        self._store = store
        self._member = member
        self._home = settings.home
        self._retry_cap_ms = settings.link_retry_cap_s * 1000
        self._clock = store.clock()
        self._sealed_link = SealedLink(member, settings.home, self._now)
        self._link = self._sealed_link.link
        self._status = LinkStatus(store, self._now, member.address.host)
        self._budget = SentBytes(store, settings.daily_bytes, self._sealed_link.spent, self._now())
        self._outbox = StoreOutbox(store, self._budget.may_send, self._mark_damage)
        self._session = BoxSession()
        self._feed_client = FeedClient(store, self._send_ask)
        self._file_client = FileClient(StoreUploads(store, settings.home), self._send_chunk)
        self._usb_worker = UsbWorker(settings, member)
        self._housekeeping = Housekeeping(store, member, settings, self._sealed_link, self._budget)
        self._handlers = {**HANDLERS, **key_commands.handlers(settings.keys)}
        self._machine = {
            MACHINE: machine_name(member.box_id),
            BOOT: boot_name(member.box_id),
        }
        self._offline_ms = 0
        self._unsaved = UnsavedReceipts()
        self._sent: dict[str, int] = {}
        self._save_ms = 0
        self._usage_ms = 0
        self._recorded_ms = 0
        self._was_up = False
        self._position = store.journal_position()

    def start(self) -> None:
        """Start the USB worker and dial the broker."""
        self._usb_worker.start()
        self._step(core.Start(self._now().t_ms, os.urandom(8)))

    def turn(self) -> None:
        """Wait for one link event, at most a quarter of a second, and handle it."""
        event = self._link.take(self._wait_s())
        if event is not None:
            self._handle(event)
        if self._journal_grew():
            self._step(core.RecordsAppended(self._now().t_ms))
        self._run_timers()

    def close(self) -> None:
        """Close the link, stop the USB worker, and store the bytes sent so far."""
        self._sealed_link.close()
        self._usb_worker.stop()
        self._write(lambda: self._budget.settle(self._now()))
        self._status.stopped()

    # --- events ------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        match event:
            case Up():
                self._status.judge_certificate(event.certificate)
                self._step(core.LinkUp(self._now().t_ms))
            case Down(why, detail):
                self._drop_link(why, detail)
            case Message(topic, payload):
                self._open_frame(topic, payload)
            case PublishFailed(_, reason):
                self._drop_link(Why.REFUSED, f"the broker refuses our frames: {reason}")
            case PublishAcked(_, has_subscriber) if not has_subscriber:
                self._drop_link(Why.UNREACHABLE, "nobody listens at the hospital")

    def _open_frame(self, topic: str, frame: bytes) -> None:
        try:
            header, payload = self._sealed_link.open(frame)
            if header.channel == FEED:
                self._feed_client.receive(header.nonce, payload, self._now().t_ms)
            if header.channel == chunks.CHANNEL and header.nonce == self._session.nonce:
                self._write(lambda: self._file_client.receive(payload))
            if header.channel == COMMANDS:
                self._write(
                    lambda: apply_command(self._store, self._now(), payload, self._handlers)
                )
            if header.channel != CONTROL:
                self._sealed_link.received(header.channel, len(frame))
                return
            message = decode_down(payload)
            self._sealed_link.received(header.channel, len(frame), message)
        except (EnvelopeError, MessageError) as error:
            log.warning("dropped a frame on %s: %s", topic, error)
            return
        except LinkError as error:
            self._drop_link(Why.LOST, str(error))
            return
        self._step(core.MessageArrived(self._now().t_ms, message))

    def _journal_grew(self) -> bool:
        # Not by data_version: it is silent about entries that we append ourselves.
        before, self._position = self._position, self._store.journal_position()
        return self._position != before

    def _run_timers(self) -> None:
        now_ms = self._now().t_ms
        self._run_clients(now_ms)
        due = box.deadline(self._session)
        if due is not None and now_ms >= due:
            self._step(core.Tick(now_ms))
        elif self._may_try_early(now_ms):
            self._step(core.Start(now_ms, os.urandom(8)))
        if now_ms >= self._save_ms:
            self._save_ms = now_ms + SAVE_MS
            self._save_receipts()
            self._save_sent()
            self._record_usage(now_ms)

    def _record_usage(self, now_ms: int) -> None:
        """Store bytes and minutes of the link; a new day's data budget lets lanes send again."""
        up = self._session.phase is Phase.STREAMING
        if now_ms >= self._usage_ms or (up and not self._was_up):
            since_s = (now_ms - self._recorded_ms) // 1000
            self._usage_ms, self._recorded_ms = now_ms + USAGE_MS, now_ms
            self._write(lambda: self._budget.settle(self._now(), since_s if self._was_up else 0))
            self._was_up = up
            if up:
                self._step(core.RecordsAppended(now_ms))
                self._run_housekeeping()

    def _run_housekeeping(self) -> None:
        try:
            self._housekeeping.run(self._now(), self._session)
        except LinkError as error:
            self._drop_link(Why.LOST, str(error))

    def _send_chunk(self, payload: bytes) -> None:
        session = self._session
        self._sealed_link.send(
            chunks.header(self._member.box_id, session.epoch, session.nonce), payload
        )

    def _send_files(self, now_ms: int) -> None:
        """Send file chunks only while no record waits for its receipt: records go first."""
        if not self._link.up or self._session.phase is not Phase.STREAMING:
            self._file_client.forget()
        elif self._budget.may_send(chunks.LANE) and self._at_rest():
            self._file_client.pump(now_ms)

    def _at_rest(self) -> bool:
        states = (self._outbox.held(lane) for lane in self._outbox.lanes())
        return all(state.cum == state.last for state in states)

    def _run_clients(self, now_ms: int) -> None:
        streaming = self._session.phase is Phase.STREAMING
        try:
            self._send_files(now_ms)
            self._feed_client.follow(self._session.nonce if streaming else None, now_ms)
            self._feed_client.tick(now_ms)
        except LinkError as error:
            self._drop_link(Why.LOST, str(error))

    def _may_try_early(self, now_ms: int) -> bool:
        offline = self._session.phase is Phase.OFFLINE
        return offline and now_ms - self._offline_ms >= self._retry_cap_ms

    def _wait_s(self) -> float:
        due = box.deadline(self._session)
        if due is None:
            return POLL_S
        return min(POLL_S, max(0.0, (due - self._now().t_ms) / 1000))

    # --- effects -----------------------------------------------------------------------------

    def _step(self, event: core.Event) -> None:
        was = self._session.phase
        self._session, effects = box.step(self._session, event, self._outbox)
        if self._session.phase is Phase.OFFLINE and was is not Phase.OFFLINE:
            self._offline_ms = event.now_ms
        try:
            for effect in effects:
                self._run_effect(effect, event.now_ms)
        except LinkError as error:
            self._drop_link(Why.LOST, str(error))
        self._status.show(self._session)

    def _run_effect(self, effect: core.Effect, now_ms: int) -> None:
        match effect:
            case core.Dial():
                self._sealed_link.event("dial")
                self._link.open()
            case core.HangUp(reason):
                self._link.close()
                self._sealed_link.event("hang up", reason)
                self._status.failed(Why.UNREACHABLE, reason)
            case core.SendHello():
                self._send_hello(effect)
            case core.SendFrame():
                self._send_records(effect)
            case _:
                self._persist(effect, now_ms)

    def _persist(self, effect: core.Effect, now_ms: int) -> None:
        match effect:
            case core.PersistCustody(lane, cum, safe):
                self._save_receipt(UnsavedReceipt(lane, self._session.epoch, cum, safe))
            case core.StartEpoch(epoch, reason):
                outbox.start_epoch(self._store, epoch, self._now(), reason)
            case core.AnchorClock(utc_ms, error_ms):
                self._anchor(now_ms, utc_ms, error_ms)
            case core.Note():
                self._status.note(effect)

    def _send_hello(self, effect: core.SendHello) -> None:
        self._unsaved.clear()  # the answer states custody anew, perhaps that of a restored hospital
        member, now = self._member, self._now()
        about = {
            "version": version("healthpost"),
            "clock": str(now.quality),
            "free_mb": str(shutil.disk_usage(self._home).free // 1_000_000),
            **self._machine,
        }
        hello = box.hello(self._outbox, effect, about)
        header = hello_header(member.box_id, effect.nonce, hello.epoch)
        self._sealed_link.send(header, encode(hello))

    def _send_ask(self, payload: bytes) -> None:
        header = hello_header(self._member.box_id, self._session.nonce, self._outbox.epoch())
        self._sealed_link.send(header, payload)

    def _send_records(self, frame: core.SendFrame) -> None:
        lane = Lane(frame.lane)

        def poisoned(seq: int, why: str) -> None:
            if why == DAMAGED:
                return  # marked already, and no poison: there is nothing to repair it from
            self._write(lambda: poison.note(self._store, self._now(), lane, seq, why))

        self._sealed_link.send_records(frame, self._outbox.packed(frame), poisoned)
        self._sent[frame.lane] = frame.first_seq + frame.n - 1

    def _mark_damage(self) -> None:
        self._write(lambda: damage.check(self._store, self._now()))

    def _drop_link(self, why: Why, detail: str) -> None:
        self._link.close()
        self._sealed_link.event(str(why), detail)
        self._status.failed(why, detail)
        self._step(core.LinkLost(self._now().t_ms))

    def _anchor(self, t_ms: int, utc_ms: int, error_ms: int) -> None:
        anchor = Anchor(self._clock.boot, t_ms, utc_ms, error_ms, ClockQuality.HOSPITAL)
        self._write(lambda: clock_anchors.remember(self._store, self._now(), anchor))
        self._clock = self._store.clock()

    def _save_receipts(self) -> None:
        """Store receipts that a full disk refused before, if they still fit the outbox."""
        for receipt in self._unsaved.pending(self._outbox):
            self._save_receipt(receipt)

    def _save_receipt(self, receipt: UnsavedReceipt) -> None:
        now, lane, state = self._now(), Lane(receipt.lane), (receipt.cum, receipt.safe)
        if not self._write(lambda: outbox.mark_custody(self._store, lane, *state, now)):
            self._unsaved.add(receipt)
            return
        self._unsaved.remove(receipt)
        if self._sent.get(receipt.lane, 0) <= receipt.cum:
            self._sent.pop(receipt.lane, None)

    def _save_sent(self) -> None:
        """Store how far each lane was sent without a receipt; mostly the receipt comes first."""
        for lane, last in list(self._sent.items()):
            if self._write(partial(outbox.mark_sent, self._store, Lane(lane), last)):
                del self._sent[lane]

    def _write(self, write: Callable[[], object]) -> bool:
        return self._status.write(write)

    def _now(self) -> Stamp:
        return self._clock.now()
