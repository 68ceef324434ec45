"""`python -m hospital.receiving.worker`: stores frames in the archive and sends receipts.

One subscriber, one loop over one queue; `receiver` handles each frame.
While the archive cannot be written, the worker disconnects: the boxes keep what they have.
"""

from __future__ import annotations

import logging
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hospital.archive import Archive
from hospital.archive.errors import ArchiveDown
from hospital.archive.open import open_archive
from hospital.archive.outgoing import OutgoingFrame
from hospital.archive.process import run_hospital_process
from hospital.archive.settings import HospitalSettings
from hospital.broker.broker import worker_link
from hospital.fleet.authority import Authority
from hospital.receiving import custody
from hospital.receiving.custody import ReceivedFrame
from hospital.receiving.jobs import Schedule
from hospital.receiving.receiver import Receiver
from sync.core import topics
from sync.keys.keys import HospitalKeys, KeyFileError
from sync.link.link import Link
from sync.link.transport import (
    Backoff,
    Down,
    Event,
    Limits,
    LinkError,
    Message,
    PublishFailed,
    Up,
    next_try,
)

POLL_S = 1.0
GROUP_FRAMES = 16
GROUP_S = 0.05
"""So many frames that have come already, or what of them takes so long, make one transaction."""
NEWS_S = 1.0
"""So often the feeds are checked for changes by the desk or another box."""
RETRY = Backoff(first_s=0.25, cap_s=3)
WIRED = Limits(keepalive_s=30, connect_s=10, window=100, send_buffer=262_144)

BROKEN = "could not be processed"

log = logging.getLogger(__name__)


class Worker:
    """The loop between the link and the receiver; both are opened again when they fail."""

    def __init__(
        self,
        open_archive: Callable[[], Archive],
        keys: HospitalKeys,
        link: Link,
        rng: random.Random | None = None,
        *,
        authority: Authority | None = None,
        newer_keys: Callable[[], HospitalKeys | None] = lambda: None,
        jobs: Schedule | None = None,
    ) -> None:
        self._open_archive = open_archive
        self._authority, self._newer_keys = authority, newer_keys
        self._jobs = jobs or Schedule()
        self._keys = keys
        self._link = link
        self._rng = rng or random.Random()
        self._archive: Archive | None = None
        self._receiver: Receiver | None = None
        self._attempts = 0
        self._due: float | None = 0.0
        self._news_due = 0.0
        self._stopping = False
        self._next: Event | None = None

    def run(self) -> None:
        """Work until `stop`."""
        try:
            while not self._stopping:
                self.turn()
        finally:
            self._link.close()
            self._close_archive()

    def stop(self) -> None:
        """End `run` soon; safe from a signal handler and from any thread."""
        self._stopping = True
        self._link.wake()

    def turn(self) -> None:
        """Open what is due, wait for one event, and do what follows from it."""
        if self._due is not None and time.monotonic() >= self._due:
            self._begin()
        event, self._next = self._next or self._link.take(self._wait_s()), None
        match event:
            case Up():
                self._attempts = 0
                log.info("listening for the boxes")
                self._attempt(lambda receiver, now_ms: receiver.remind(now_ms), None)
            case Down(why, detail):
                log.warning("the broker is away (%s: %s)", why, detail)
                self._retry()
            case Message():
                self._take(event)
            case PublishFailed(_, reason):
                log.warning("the broker refused a receipt: %s", reason)
        self._send_news()

    def _send_news(self) -> None:
        if self._link.up and time.monotonic() >= self._news_due:
            self._news_due = time.monotonic() + NEWS_S
            self._follow_keys()
            self._attempt(self._do_jobs, None)
            self._attempt(lambda receiver, now_ms: receiver.news(now_ms), None)

    def _do_jobs(self, _receiver: Receiver, now_ms: int) -> list[OutgoingFrame]:
        if self._archive is not None:
            self._jobs.turn(self._archive, now_ms)
        return []

    def _follow_keys(self) -> None:
        keys = self._newer_keys()
        if keys is not None and self._archive is not None:
            log.info("the hospital's keys have changed")
            self._keys = keys
            self._receiver = Receiver(self._archive, keys, self._authority)

    def _begin(self) -> None:
        self._due = None
        try:
            if self._receiver is None:
                self._archive = self._open_archive()
                self._receiver = Receiver(self._archive, self._keys, self._authority)
        except ArchiveDown as error:
            log.error("%s; the boxes keep their records meanwhile", error)
            self._retry()
            return
        self._link.open()

    def _take(self, first: Message) -> None:
        """Process a frame, and those that have arrived after it already, by one commit."""
        if self._receiver is None:
            return
        group: list[Message] = []
        frames = self._gather(first, group)
        try:
            replies = self._receiver.receive_all(frames, time.time_ns() // 1_000_000)
        except Exception as error:  # one of them spoils it, and none of it happened
            log.warning("%d frames together failed (%s); one by one", len(group), error)
            for message in group:
                self._attempt(partial(_receive, message), message)
            return
        self._publish(replies, group)

    def _gather(self, first: Message, group: list[Message]) -> Iterator[Message]:
        until, event = time.monotonic() + GROUP_S, first
        while True:
            group.append(event)
            yield event
            if len(group) == GROUP_FRAMES or time.monotonic() > until:
                return
            follows = self._link.take(0)
            if not isinstance(follows, Message):
                self._next = follows
                return
            event = follows

    def _attempt(
        self, work: Callable[[Receiver, int], list[OutgoingFrame]], cause: Message | None
    ) -> None:
        if self._receiver is None:
            return
        now_ms = time.time_ns() // 1_000_000
        try:
            self._publish(work(self._receiver, now_ms), [] if cause is None else [cause])
        except ArchiveDown as error:
            log.error("%s; hanging up, the boxes keep their records", error)
            self._disconnect()
        except Exception:  # whatever one frame does to us, the frames behind it are served
            log.exception("a frame could not be processed")
            self._quarantine(cause, now_ms)

    def _publish(self, replies: Sequence[OutgoingFrame], causes: Sequence[Message]) -> None:
        try:
            for reply in replies:
                self._link.publish(reply.topic, reply.payload)
            for message in causes:
                self._link.ack(message)
        except LinkError as error:
            log.warning("a receipt was not sent (%s); the box will ask again", error)

    def _quarantine(self, message: Message | None, now_ms: int) -> None:
        if self._archive is None or message is None:
            return
        received = ReceivedFrame(topics.box_and_lane(message.topic)[1], message.payload, now_ms)
        try:
            custody.refuse(self._archive, custody.NOBODY, BROKEN, received)
            self._link.ack(message)
        except (ArchiveDown, LinkError):
            self._disconnect()

    def _disconnect(self) -> None:
        self._link.close()
        self._close_archive()
        self._retry()

    def _close_archive(self) -> None:
        if self._archive is not None:
            self._archive.close()
        self._archive = self._receiver = None

    def _retry(self) -> None:
        self._due = time.monotonic() + next_try(self._attempts, self._rng, RETRY)
        self._attempts += 1

    def _wait_s(self) -> float:
        if self._due is None:
            return POLL_S
        return min(POLL_S, max(0.0, self._due - time.monotonic()))


class KeyWatch:
    """Called now and then, gives the hospital's keys when their files have changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last_state = self._state()

    def __call__(self) -> HospitalKeys | None:
        """Return the keys if they are others than before; None also while they are unreadable."""
        state = self._state()
        if state == self._last_state:
            return None
        try:
            keys = HospitalKeys.load(self._folder)
        except KeyFileError as error:
            log.error("the hospital's new keys cannot be read: %s", error)
            return None
        self._last_state = state
        return keys

    def _state(self) -> list[tuple[str, int]]:
        return sorted((f.name, f.stat().st_mtime_ns) for f in self._folder.glob("*.pem"))


def link_of(settings: HospitalSettings) -> Link:
    """Return the worker's link to the broker, with the certificate that `serve` gave it."""
    address, tls = worker_link(settings)
    return Link(address, tls, "hospital", (topics.EVERY_UP,), manual_ack=True, limits=WIRED)


def _receive(message: Message, receiver: Receiver, now_ms: int) -> list[OutgoingFrame]:
    return receiver.receive(message.topic, message.payload, now_ms)


def main() -> int:
    """Run the receive worker of the hospital in HEALTHPOST_HOSPITAL_HOME; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    return run_hospital_process("receive-worker", _work)


def _work(settings: HospitalSettings) -> None:
    worker = Worker(
        lambda: open_archive(settings),
        HospitalKeys.load(settings.keys),
        link_of(settings),
        authority=Authority.open(settings.authority),
        newer_keys=KeyWatch(settings.keys),
        jobs=Schedule.of(settings),
    )

    def stop(*_: Any) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    worker.run()


if __name__ == "__main__":
    sys.exit(main())
