"""Weeks or months offline, then a thin line: everything arrives, an alert first, memory stays flat.

`HEALTHPOST_ABSENCE=90` (`scripts/trials absence`) lives through so many days, and prints the cost.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass

import pytest
from absence import Absence, Clinic, raise_alarm
from history import Deeds, History, Overtaking
from invariants import demand
from muddy_road import KBIT_40, Going
from region import Post, Region

from benchmarks.link.meter import memory_mb
from edge.jobs import disk
from edge.store import ledger, outbox
from hospital.receiving import ledger as hospital_ledger

DAYS = int(os.environ.get("HEALTHPOST_ABSENCE", "6"))
CLINIC = "Clinic behind the pass"
LONG_DAYS = 30
"""Of fewer days so little is left half way that a busy machine might come too late for it."""
GROWTH_MB = 10
DRAIN_S = 3_600

pytestmark = [pytest.mark.system, pytest.mark.timeout(DRAIN_S)]


MOST_BYTES_A_READING = 20_000
"""A reading with what the rules found of it: some three results of 1.1 kB, their rows and indexes
(17,500 bytes when the results came in; 4,800 held before that)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The memory of both ends (RSS, and their own part of it, MB) at so much of the backlog."""

    percent: int
    courier_mb: float
    worker_mb: float
    courier_own_mb: float
    worker_own_mb: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What an absence came to."""

    days: int
    readings: int
    records: int
    disk_bytes: int
    drain_s: int
    feed_s: int
    bytes_up: int
    bytes_down: int
    bytes_before_the_alert: int
    samples: list[Sample]


def test_a_long_absence_ends_in_agreement_with_the_alert_first(region: Region) -> None:
    absence = Absence(DAYS)
    post = region.enrol("box", CLINIC, seed=1)
    post.road.passed.whole = False
    post.road.going = Going(bytes_s=KBIT_40)
    clinic = Clinic(post.store, post.settings)
    clinic.live_through(absence)
    taken = disk.taken(post.home)
    waiting = outbox.ledger(post.store).waiting
    assert waiting > absence.readings
    region.start()
    started = time.monotonic()
    post.courier.start()
    samples = [_sample_at(region, post, 10, waiting)]
    if absence.days > LONG_DAYS:
        samples += [_sample_at(region, post, percent, waiting) for percent in (30, 50)]
    alert = raise_alarm(region, post, clinic)
    samples += [_sample_at(region, post, percent, waiting) for percent in (70, 90)]
    region.until(post.settled, within_s=DRAIN_S)
    drained = time.monotonic()
    region.until(lambda: region.feeds_agree(CLINIC, [post]), within_s=DRAIN_S)
    figures = Figures(
        days=absence.days,
        readings=absence.readings,
        records=waiting,
        disk_bytes=taken,
        drain_s=round(drained - started),
        feed_s=round(time.monotonic() - drained),
        bytes_up=post.road.passed.up,
        bytes_down=post.road.passed.down,
        bytes_before_the_alert=alert.bytes_between,
        samples=[*samples, _sample_at(region, post, 100, waiting)],
    )
    print(json.dumps(asdict(figures)))
    _judge(region, post, figures, alert)


def _judge(region: Region, post: Post, figures: Figures, alert: Overtaking) -> None:
    deeds = Deeds(promised=[(post.box_id, r) for r in post.side().journal], alerts=[alert])
    demand(History((post.side(),), region.side(), deeds))
    with region.archive() as archive:
        theirs = {(s.epoch, s.lane): s for s in hospital_ledger.of(archive, post.box_id)}
    for lane in ledger.lanes(post.store):
        held = theirs[lane.epoch, lane.lane.value]
        assert (held.last, held.chain) == (lane.last, lane.chain)
        assert lane.complete
    first, *rest = figures.samples
    for sample in rest:
        # Not the whole of it: what is shared with other processes is counted as they come and go.
        assert sample.courier_own_mb - first.courier_own_mb <= GROWTH_MB, figures.samples
        assert sample.worker_own_mb - first.worker_own_mb <= GROWTH_MB, figures.samples
    # The record, its place in the stream and its raw bytes; and all that in three backups again.
    assert figures.disk_bytes <= MOST_BYTES_A_READING * figures.readings + (4 << 20)


def _sample_at(region: Region, post: Post, percent: int, waiting: int) -> Sample:
    """Wait until so much is confirmed; say what memory both ends take."""
    goal = waiting * percent // 100
    region.until(lambda: outbox.ledger(post.store).confirmed >= goal, within_s=DRAIN_S)
    both = (post.courier.pid, region.worker.pid)
    sizes = [memory_mb([pid], key) for key in ("Rss", "Anonymous") for pid in both]
    return Sample(percent, *(round(size, 1) for size in sizes))
