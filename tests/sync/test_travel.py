"""Box and hospital through the real codec and envelope, over a wire that loses and repeats."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from sync.core import (
    BoxSession,
    DownHeader,
    Hello,
    Phase,
    box,
    decode,
    decode_down,
    encode,
    hospital,
)
from sync.core.header import HELLO_LANE, hello_header
from sync.core.session import (
    Effect,
    Event,
    LinkUp,
    MessageArrived,
    PersistCustody,
    SendFrame,
    SendHello,
    Start,
    Tick,
)
from sync.frames import framing
from sync.frames.envelope import open_down, open_up, seal_up, sign_down
from sync.keys.keys import BoxKeys, HospitalKeys
from sync.packing import fill
from sync.simulation.disk import Disk

BOX_ID = "q3m7xk2a9d4fa"
BOX = BoxKeys.generate()
HOSPITAL = HospitalKeys.generate()


def _load_vitals() -> ModuleType:
    path = Path(__file__).with_name("vitals.py")
    spec = importlib.util.spec_from_file_location("vitals", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


readings = _load_vitals().readings


class Clinic(Disk):
    """A disk whose frames are cut by the real codec."""

    def fit(self, lane: str, first_seq: int) -> int:
        s = self.streams[lane]
        return fill([record for record, _ in s.log[first_seq - s.base - 1 :][:400]])[0]


class Journey:
    """Both shells in one, as the docstring of `sync.core` describes them."""

    def __init__(self, disk: Clinic, random: Random, loss: float) -> None:
        self.disk, self.random, self.loss = disk, random, loss
        self.session = BoxSession()
        self.hospital = hospital.HospitalBox(BOX_ID)
        self.now_ms = 0
        self.stored: list[bytes] = []
        self.seen: set[bytes] = set()
        self.sizes: list[int] = []
        self.inbox: list[Event] = []

    def feed(self, event: Event) -> None:
        self.session, effects = box.step(self.session, event, self.disk)
        for effect in effects:
            self._do(effect)
        while self.inbox:
            self.feed(self.inbox.pop(0))

    def _do(self, effect: Effect) -> None:
        match effect:
            case SendHello():
                header = hello_header(BOX_ID, effect.nonce, self.disk.epoch())
                payload = encode(box.hello(self.disk, effect, {}))
                self._up(seal_up(header, payload, BOX, HOSPITAL.public))
            case SendFrame():
                rows = self.disk.records(effect.lane, effect.first_seq, effect.n)
                header, payload = framing.compose(BOX_ID, effect, rows)
                self._up(seal_up(header, payload, BOX, HOSPITAL.public))
            case PersistCustody():
                self.disk.streams[effect.lane].cum = effect.cum

    def _up(self, frame: bytes) -> None:
        self.sizes.append(len(frame))
        for _ in range(self.random.choice((1, 1, 2))):
            if self.random.random() >= self.loss:
                self._receive(frame)

    def _receive(self, frame: bytes) -> None:
        header, payload = open_up(frame, HOSPITAL, BOX.public)
        event: hospital.Event = hospital.FrameArrived(header, framing.disclose(header, payload))
        if header.lane == HELLO_LANE:
            hello = decode(payload)
            assert isinstance(hello, Hello)
            event = hospital.HelloArrived(hello, hello.nonce in self.seen, self.now_ms)
        self.hospital, effects = hospital.step(self.hospital, event)
        for effect in effects:
            if isinstance(effect, hospital.Store):
                self.stored += effect.records
            elif isinstance(effect, hospital.Admit):
                self.seen.add(effect.nonce)
            elif isinstance(effect, hospital.Reply) and self.random.random() >= self.loss:
                head = DownHeader(BOX_ID, "r", effect.message.nonce)
                self._down(sign_down(head, encode(effect.message), HOSPITAL))

    def _down(self, frame: bytes) -> None:
        _, payload = open_down(frame, BOX_ID, BOX, HOSPITAL.public)
        self.inbox.append(MessageArrived(self.now_ms, decode_down(payload)))

    def run(self) -> None:
        self.feed(Start(0, b"nonce-00"))
        for _ in range(500):
            if self.session.phase is Phase.DIALING:
                self.feed(LinkUp(self.now_ms))
            due = box.deadline(self.session)
            idle = due is not None and due - self.now_ms >= box.IDLE_LIMIT_MS
            if due is None or (idle and self.disk.streams["c"].cum == self.disk.held("c").last):
                return
            self.now_ms = max(self.now_ms, due)
            self.feed(Tick(self.now_ms))


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_a_days_readings_arrive_once_in_order_in_small_frames(loss: float) -> None:
    disk = Clinic()
    day = readings(700)
    for record in day:
        disk.streams["c"].append(record)
    journey = Journey(disk, Random(5), loss)
    journey.run()
    assert journey.stored == day
    assert disk.streams["c"].cum == len(day)
    assert max(journey.sizes) <= 4_096
    assert hospital.place(journey.hospital, "c").chain == disk.chain_at("c", len(day))


def test_a_reading_costs_little_on_the_wire() -> None:
    disk = Clinic()
    for record in readings(600):
        disk.streams["c"].append(record)
    journey = Journey(disk, Random(5), 0.0)
    journey.run()
    assert sum(journey.sizes) / 600 < 14
