"""A box's side of the wire and a receiver's answers, without a link: frames in, messages out."""

from __future__ import annotations

from edge.model.entry import GENESIS, canonical_json, chain
from hospital.archive import Archive
from hospital.archive.outgoing import OutgoingFrame
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import custody
from hospital.receiving.receiver import Receiver
from hospital.views import chart
from sync.core import DownMessage, Hello, Receipt, Welcome, decode_down, encode
from sync.core.feed_messages import Ask, encode_ask
from sync.core.header import Header, hello_header
from sync.core.messages import LaneReport
from sync.core.session import SendFrame
from sync.frames.envelope import open_down, seal_up
from sync.frames.framing import compose
from sync.keys.keys import BoxKeys, HospitalKeys

HOSPITAL = HospitalKeys.generate()
KEYS = BoxKeys.generate()
OTHER_KEYS = BoxKeys.generate()
NONCE = b"session1"
NOW_MS = 1_795_000_000_000


def reading(number: int) -> bytes:
    values = [["59408-5", "97", "%"]]
    body = {"kind": "oximetry", "source": "device", "values": values, "record": str(number)}
    return canonical_json({"kind": "reading", "body": body, "at": [1, number, NOW_MS, "ntp"]})


class Sender:
    """A box's side of the wire: its records, and frames of them."""

    def __init__(self, box_id: str = "box-one", keys: BoxKeys = KEYS, nonce: bytes = NONCE) -> None:
        self.box_id, self.keys, self.nonce, self.epoch = box_id, keys, nonce, 1
        self.records = [reading(n) for n in range(1, 40)]
        self.about: dict[str, str] = {}
        self.reports = {"c": LaneReport(0, 0, len(self.records))}

    def chain_at(self, seq: int) -> bytes:
        link = GENESIS
        for record in self.records[:seq]:
            link = chain(link, record)
        return link

    def hello(self, *, fork: bool = False, nonce: bytes = b"", epoch: int = 0) -> bytes:
        nonce, epoch = nonce or self.nonce, epoch or self.epoch
        hello = Hello(epoch, nonce, self.reports, fork, about=dict(self.about))
        header = hello_header(self.box_id, nonce, epoch)
        return seal_up(header, encode(hello), self.keys, HOSPITAL.public)

    def ask(self) -> bytes:
        header = hello_header(self.box_id, self.nonce, self.epoch)
        return seal_up(header, encode_ask(Ask(0, 0)), self.keys, HOSPITAL.public)

    def frame(self, first: int, n: int, *, alone: bool = False, lane: str = "c") -> bytes:
        return self.sealed(*self.composed(first, n, alone=alone, lane=lane))

    def composed(
        self, first: int, n: int, *, alone: bool = False, lane: str = "c"
    ) -> tuple[Header, bytes]:
        before = self.chain_at(first - 1)
        send = SendFrame(lane, self.epoch, first, n, before, self.nonce, alone)
        return compose(self.box_id, send, self.records[first - 1 : first - 1 + n])

    def sealed(self, header: Header, payload: bytes) -> bytes:
        return seal_up(header, payload, self.keys, HOSPITAL.public)


class Desk:
    """A receiver, and what it answers."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.receiver = Receiver(archive, HOSPITAL)

    def take(
        self, frame: bytes, lane: str = "c", box_id: str = "box-one", keys: BoxKeys = KEYS
    ) -> list[DownMessage]:
        came = self.receiver.receive(f"cs/1/u/{box_id}/{lane}", frame, NOW_MS)
        return [self.read(out, keys) for out in came]

    def read(self, out: OutgoingFrame, keys: BoxKeys = KEYS) -> DownMessage:
        assert out.topic == "cs/1/d/box-one/r"
        _, payload = open_down(out.payload, "box-one", keys, HOSPITAL.public)
        return decode_down(payload)

    def admit(self, sender: Sender) -> Welcome:
        (welcome,) = self.take(sender.hello(), "h")
        assert isinstance(welcome, Welcome)
        return welcome

    def receipt(self, frame: bytes) -> Receipt:
        (receipt,) = self.take(frame)
        assert isinstance(receipt, Receipt)
        return receipt

    def refused(self) -> dict[str, int]:
        return custody.refusals(self.archive)

    def readings(self) -> int:
        return chart.count_readings(self.archive)


def enrolled(archive: Archive) -> Archive:
    with archive.transaction():
        for name, keys in (("box-one", KEYS), ("box-two", OTHER_KEYS)):
            boxes.enter(archive, Box(name, "Thar", keys.public, "0a", NOW_MS))
    return archive
