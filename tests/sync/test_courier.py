"""The courier on a real broker: whatever ends, it goes on, loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broker import Broker, running
from eventually import eventually
from far_end import FarEnd
from proxy import Line, Proxy

from edge.model.clock import Anchor, Clock, ClockQuality, place
from edge.model.entry import Entry, Lane, content_id
from edge.model.errors import StoreRefused
from edge.settings.box_settings import Settings, settings_file
from edge.store import clock_anchors, issues, journal, outbox
from edge.store.store import Store
from hospital.fleet.authority import Authority
from provisioning.box_setup import init_box, set_link
from sync.core import Header, Receipt, Welcome
from sync.core import box as core_box
from sync.courier.link_status import LinkStatus
from sync.courier.process import serve
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import TLS_FILE, BoxKeys, KeyFileError
from sync.link.transport import CertificateSpan

pytestmark = pytest.mark.system

FAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1")


class Clinic:
    """A box's home, its hospital, and the broker between them."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.home = folder / "box"
        self.broker = broker
        self.settings = init_box(self.home, "Clinic of Hope")
        self.keys = BoxKeys.generate()
        self.keys.save(self.settings.keys)
        self.far = FarEnd(broker, self.settings.box_id, self.keys.public)
        self.store = Store.open(self.settings.database)
        self._processes: list[subprocess.Popen[bytes]] = []

    def enrol(self, port: int | None = None) -> None:
        tls = self.broker.box(self.settings.box_id)
        hospital = self.far.keys.public
        grant = Grant(
            tls.certificate.read_text(),
            tls.ca.read_text(),
            hospital.sign,
            hospital.decrypt,
            "127.0.0.1",
            port or self.broker.port,
            "Clinic of Hope",
        )
        (self.settings.keys / TLS_FILE).write_bytes(tls.key.read_bytes())
        membership.keep(self.settings.keys, grant)
        file = settings_file(self.home)
        if "[link]" not in file.read_text():
            file.write_text(file.read_text() + "\n[link]\nretry_cap_s = 1\n")
        set_link(self.home, grant.broker_host, grant.broker_port)

    def record(self, count: int, lane: Lane = Lane.CLINICAL) -> None:
        clock = self.store.clock()
        with self.store.transaction():
            for number in range(count):
                noise = os.urandom(60).hex()  # so that a few dozen records fill a frame
                body = {"number": number, "noise": noise}
                journal.append_in(self.store, lane, Entry("view", clock.now(), body))

    def begin(self, environment: Mapping[str, str] = {}) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "HEALTHPOST_HOME": str(self.home), **environment}
        process = subprocess.Popen([sys.executable, "-m", "sync.courier"], env=environment)
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.far.stop()
        self.store.close()

    def confirmed(self) -> int:
        return outbox.ledger(self.store).confirmed

    def link(self) -> str:
        return outbox.ledger(self.store).link

    def complaints(self) -> set[str]:
        return {c.kind for c in issues.current(self.store)}

    def all_confirmed(self) -> bool:
        ledger = outbox.ledger(self.store)
        return ledger.waiting == 0 and ledger.captured > 0

    def check(self) -> None:
        """The archive holds every journal entry once, in order, and nothing else."""
        entries = [e.canonical() for _, e in journal.since(self.store, 0, 100_000)]
        ids = {content_id(self.settings.box_id, record) for record in entries}
        assert set(self.far.stored) == ids
        assert self.far.repeats == 0
        epoch = outbox.state(self.store, Lane.CLINICAL).epoch
        for lane in journal.LANES:
            count = outbox.state(self.store, lane).last
            ours = [q.record for q in outbox.records(self.store, lane, 1, count)]
            assert self.far.streams.get((epoch, lane.value), []) == ours


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def clinic(tmp_path: Path, broker: Broker) -> Iterator[Clinic]:
    clinic = Clinic(tmp_path, broker)
    yield clinic
    clinic.end()


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime is not installed")
@pytest.mark.parametrize("date", ["1970-01-02 00:00:00", "2076-11-30 00:00:00"])
def test_a_wrong_clock_keeps_nothing_from_the_hospital(clinic: Clinic, date: str) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.record(5)
    clinic.begin(
        {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": f"@{date}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "HEALTHPOST_BOOT_ID": "a boot at the wrong time",
        }
    )
    eventually(clinic.all_confirmed)
    assert "link-refused" not in clinic.complaints()
    anchors = clinic.store.rows("SELECT utc_ms FROM anchor WHERE source = 'hospital'")
    assert anchors  # from here on the box knows the date
    assert all(abs(r["utc_ms"] / 1000 - time.time()) < 600 for r in anchors)


def test_a_broker_of_another_authority_is_refused_whatever_the_date(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.enrol()
    other = Authority.create(tmp_path / "other", "Other hospital", datetime.now(UTC))
    (clinic.settings.keys / membership.CA_FILE).write_bytes(other.root_pem)
    clinic.far.start()
    clinic.record(1)
    clinic.begin()
    eventually(lambda: "link-refused" in clinic.complaints())
    assert clinic.confirmed() == 0


@pytest.mark.parametrize(("years", "told"), [(0, False), (-50, True), (50, True)])
def test_a_certificate_that_does_not_fit_the_date_is_told_and_stops_nothing(
    store: Store, clock: Clock, years: int, told: bool
) -> None:
    now = clock.now()
    known = Anchor(now.boot, now.t_ms, now.wall_ms, 100, ClockQuality.HOSPITAL)
    clock_anchors.remember(store, now, known)
    status = LinkStatus(store, store.clock().now, "broker")
    begin_s = now.wall_ms // 1000 + years * 365 * 86_400
    status.judge_certificate(CertificateSpan(begin_s - 86_400, begin_s + 86_400))
    assert issues.is_noted(store, "certificate-date") is told
    status.judge_certificate(CertificateSpan(0, 2**40))
    assert not issues.is_noted(store, "certificate-date")


def test_another_boxs_file_is_not_sent(clinic: Clinic, tmp_path: Path) -> None:
    clinic.enrol()
    other = Store.create(tmp_path / "other.db", "anotherbox234")
    with other.transaction():
        journal.append(other, "view", other.clock().now(), {"what": "somebody else's patient"})
    other.close()
    clinic.store.close()
    (tmp_path / "other.db").replace(clinic.settings.database)
    with pytest.raises(StoreRefused):
        serve(clinic.home, lambda: False)
    assert clinic.far.stored == {}


def test_the_keys_of_another_box_send_nothing(clinic: Clinic) -> None:
    clinic.enrol()
    certificate = clinic.broker.box("anotherbox234").certificate
    (clinic.settings.keys / membership.CERTIFICATE_FILE).write_bytes(certificate.read_bytes())
    with pytest.raises(KeyFileError, match="anotherbox234"):
        membership.load(Settings.load(clinic.home))


@contextmanager
def courier_here(clinic: Clinic) -> Iterator[None]:
    """Run the courier in a thread, where a test can shorten the protocol's patience."""
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(clinic.home, stop.is_set))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_records_arrive_once_and_the_screens_know(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.record(120)
    clinic.begin()
    eventually(clinic.all_confirmed)
    clinic.record(1, Lane.ALERT)
    clinic.record(5)
    eventually(lambda: clinic.all_confirmed() and clinic.link() == "up")
    clinic.check()
    assert clinic.complaints() == set()
    assert outbox.ledger(clinic.store).last_receipt_ms is not None


def test_the_hospitals_clock_becomes_an_anchor(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.begin()
    clock = clinic.store.clock()
    held = eventually(lambda: clinic.store.anchors(clock.boot))
    now = clock.now()
    placed = place(now, held)  # a busy machine answers late, and the anchor says so
    assert abs(placed.utc_ms - now.wall_ms) < placed.error_ms + 1_000
    eventually(clinic.all_confirmed)
    [(_, entry)] = journal.since(clinic.store, 0)
    assert entry.kind == "clock"


def test_a_box_that_is_not_enrolled_waits_and_then_begins(clinic: Clinic) -> None:
    clinic.far.start()
    clinic.record(3)
    process = clinic.begin()
    eventually(lambda: clinic.complaints() == {"not-enrolled"})
    clinic.enrol()
    eventually(clinic.all_confirmed)
    assert clinic.complaints() == set()
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert clinic.link() == "down"


def test_damaged_keys_are_told_and_mended(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.record(3)
    file = clinic.settings.keys / membership.HOSPITAL_FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:20])
    clinic.begin()
    eventually(lambda: clinic.complaints() == {"keys-unusable"})
    file.write_bytes(whole)
    eventually(lambda: clinic.all_confirmed() and clinic.complaints() == set())


def test_a_hospital_that_moves_is_followed(clinic: Clinic) -> None:
    proxy = Proxy(clinic.broker.port)
    try:
        clinic.enrol()
        clinic.far.start()
        clinic.begin()
        eventually(lambda: clinic.link() == "up")
        set_link(clinic.home, "localhost", proxy.port)
        eventually(lambda: proxy.passed > 0)
        clinic.record(3)
        eventually(lambda: clinic.all_confirmed() and clinic.link() == "up")
    finally:
        proxy.close()


def test_an_alert_overtakes_the_backlog(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.record(400)
    clinic.record(1, Lane.ALERT)
    order: list[str] = []

    def note(header: Header) -> bool:
        order.append(header.lane)
        return False

    clinic.far.lose_frame = note
    clinic.far.start()
    clinic.begin()
    eventually(clinic.all_confirmed)
    lanes = [lane for lane in order if lane != "h"]
    assert lanes[0] == "a"
    clinic.check()


def test_a_killed_courier_resumes_ten_times(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    rng = random.Random(7)
    for _ in range(10):
        clinic.record(150)
        process = clinic.begin()
        goal = len(clinic.far.stored) + rng.randint(1, 120)
        eventually(lambda goal=goal: len(clinic.far.stored) >= goal, every_s=0.002)  # type: ignore[misc]
        process.kill()
        process.wait()
    clinic.begin()
    eventually(clinic.all_confirmed)
    clinic.check()


def test_a_killed_broker_comes_back(clinic: Clinic, tmp_path: Path) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.begin()
    for _ in range(3):
        clinic.record(200)
        goal = clinic.confirmed() + 1
        eventually(lambda goal=goal: clinic.confirmed() >= goal, every_s=0.005)  # type: ignore[misc]
        clinic.broker.kill()
        clinic.record(1, Lane.ALERT)
        eventually(lambda: "broker-unreachable" in clinic.complaints())
        assert clinic.link() == "down"
        clinic.broker.start()
        eventually(clinic.all_confirmed)
    eventually(lambda: clinic.complaints() == set())
    clinic.check()


def test_a_hospital_that_comes_late_and_goes_again(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.record(50)
    clinic.begin()
    eventually(lambda: "broker-unreachable" in clinic.complaints())
    for _ in range(3):
        clinic.far.start()
        eventually(clinic.all_confirmed)
        clinic.far.stop()
        clinic.record(50)
        eventually(lambda: clinic.link() == "down")
    clinic.far.start()
    eventually(clinic.all_confirmed)
    clinic.check()


def test_lost_and_doubled_frames_and_receipts(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_box, "RTO_FLOOR_MS", 300)
    clinic.enrol()
    rng = random.Random(11)
    clinic.far.twice = True
    clinic.far.lose_frame = lambda _header: rng.random() < 0.2
    clinic.far.lose_reply = lambda _message: rng.random() < 0.2
    clinic.far.start()
    clinic.record(400)
    with courier_here(clinic):
        eventually(clinic.all_confirmed, within_s=60)
    clinic.check()


def test_a_restored_hospital_gets_everything_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_box, "RTO_FLOOR_MS", 500)
    clinic.enrol()
    clinic.far.start()
    clinic.record(100)
    with courier_here(clinic):
        eventually(clinic.all_confirmed)
        clinic.far.stop()
        clinic.far.restore(keep=30)
        clinic.far.start()
        clinic.record(1)
        eventually(lambda: len(clinic.far.stored) == outbox.ledger(clinic.store).captured)
    clinic.check()


def test_a_rolled_back_box_starts_a_new_epoch(clinic: Clinic, tmp_path: Path) -> None:
    clinic.enrol()
    clinic.far.start()
    clinic.record(40)
    clinic.store.copy_to(tmp_path / "old.db")
    process = clinic.begin()
    clinic.record(40)
    eventually(clinic.all_confirmed)
    process.kill()
    process.wait()
    lost = dict(clinic.far.stored)
    clinic.store.close()
    for name in ("box.db", "box.db-wal", "box.db-shm"):
        (clinic.home / name).unlink(missing_ok=True)
    (tmp_path / "old.db").rename(clinic.home / "box.db")
    clinic.store = Store.open(clinic.settings.database)
    clinic.record(100)
    clinic.begin()
    eventually(clinic.all_confirmed)
    assert outbox.state(clinic.store, Lane.CLINICAL).epoch == 2
    kinds = [e.kind for _, e in journal.since(clinic.store, 0)]
    assert kinds.count("epoch") == 1
    mine = {content_id(clinic.settings.box_id, e.canonical()) for _, e in _entries(clinic)}
    assert mine <= set(clinic.far.stored)
    assert set(lost) <= set(clinic.far.stored)


def test_a_revoked_box_goes_on_measuring_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "broker") as own:
        clinic = Clinic(tmp_path, own)
        try:
            clinic.enrol()
            tls = membership.load(Settings.load(clinic.home))
            assert tls is not None
            own.revoke(tls.tls)
            own.restart()
            clinic.begin()
            eventually(lambda: "link-refused" in clinic.complaints())
            clinic.record(1)
            assert outbox.ledger(clinic.store).waiting == 1
        finally:
            clinic.end()


def test_forged_and_foreign_control_frames_change_nothing(clinic: Clinic) -> None:
    clinic.enrol()
    impostor = FarEnd(clinic.broker, clinic.settings.box_id, clinic.keys.public)
    real_keys, clinic.far.keys = clinic.far.keys, clinic.far.keys
    forged: list[object] = []

    def forge(message: object) -> bool:
        if isinstance(message, Welcome | Receipt) and not forged:
            forged.append(message)
            clinic.far.keys = replace(real_keys, sign=impostor.keys.sign)
        else:
            clinic.far.keys = real_keys
        return False

    clinic.far.lose_reply = forge
    clinic.far.start()
    clinic.record(10)
    process = clinic.begin()
    eventually(lambda: forged)
    assert process.poll() is None
    assert clinic.confirmed() == 0
    process.kill()
    clinic.begin()
    eventually(clinic.all_confirmed)
    clinic.check()


def test_the_broker_never_sees_a_patient(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    clock = clinic.store.clock()
    with clinic.store.transaction():
        for lane in journal.LANES:
            journal.append_in(
                clinic.store, lane, Entry("view", clock.now(), {"name": "CANARY-7731"})
            )
    clinic.begin()
    eventually(clinic.all_confirmed)
    assert any(b"CANARY-7731" in record for record in clinic.far.stored.values())
    assert clinic.far.frames
    assert not any(b"CANARY" in frame for frame in clinic.far.frames)


def _entries(clinic: Clinic) -> list[tuple[int, Entry]]:
    return journal.since(clinic.store, 0, 100_000)


def test_a_line_that_cuts_at_any_byte(clinic: Clinic) -> None:
    proxy = Proxy(clinic.broker.port)
    proxy.line = Line(cut_after=24_000)
    try:
        clinic.enrol(proxy.port)
        clinic.far.start()
        clinic.record(300)
        clinic.begin()
        eventually(lambda: proxy.cuts >= 5, within_s=60)
        proxy.line = Line()
        clinic.record(50)
        eventually(clinic.all_confirmed)
    finally:
        proxy.close()
    clinic.check()


def test_a_line_that_stalls_without_closing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_box, "RTO_FLOOR_MS", 200)
    proxy = Proxy(clinic.broker.port)
    try:
        clinic.enrol(proxy.port)
        clinic.far.start()
        with courier_here(clinic):
            eventually(lambda: clinic.link() == "up")
            proxy.line = Line(frozen=True)
            clinic.record(20)
            eventually(lambda: clinic.link() == "down")
            assert clinic.complaints() == {"broker-unreachable"}
            proxy.line = Line()
            eventually(clinic.all_confirmed, within_s=60)
    finally:
        proxy.close()
    clinic.check()


def test_an_alert_passes_a_backlog_on_a_thin_line(clinic: Clinic) -> None:
    proxy = Proxy(clinic.broker.port)
    proxy.line = Line(bytes_s=5_000)  # 40 kbit/s
    try:
        clinic.enrol(proxy.port)
        clinic.far.start()
        clinic.record(800)
        clinic.begin()
        eventually(lambda: clinic.confirmed() > 20, within_s=40)
        clinic.record(1, Lane.ALERT)
        eventually(lambda: outbox.state(clinic.store, Lane.ALERT).cum == 1, every_s=0.02)
        assert outbox.state(clinic.store, Lane.CLINICAL).cum < 700
    finally:
        proxy.close()


def test_a_full_disk_does_not_keep_records_from_the_hospital(clinic: Clinic) -> None:
    clinic.enrol()
    clinic.far.start()
    process = clinic.begin()
    eventually(lambda: clinic.all_confirmed() and clinic.link() == "up")
    before = clinic.confirmed()
    _allow(process, 4096)  # the kernel refuses this process any longer file, as a full disk does
    clinic.record(200)
    eventually(lambda: len(clinic.far.stored) == outbox.ledger(clinic.store).captured)
    assert clinic.confirmed() == before
    _allow(process, resource.RLIM_INFINITY)
    eventually(clinic.all_confirmed)
    assert process.poll() is None
    clinic.check()


def _allow(process: subprocess.Popen[bytes], file_bytes: int) -> None:
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
