"""The box's encrypted link: seals sent frames, opens received ones, traces them, counts bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.model.clock import Stamp
from edge.store import data_budget
from sync.box.outbox import PackedRecords
from sync.box.sealing import Poisoned, seal_records
from sync.core import topics
from sync.core.header import DownHeader, Header
from sync.core.messages import Message
from sync.core.session import SendFrame
from sync.courier import telemetry
from sync.courier.trace import Trace
from sync.frames.envelope import open_down, seal_up
from sync.keys.membership import Membership
from sync.link.link import Link
from sync.link.transport import Will


def link_of(member: Membership) -> Link:
    """Return the box's link: its own topics, and an MQTT will for a lost connection."""
    will = Will(topics.up(member.box_id, telemetry.LANE))
    every_down = topics.down(member.box_id, "#")
    return Link(member.address, member.tls, member.box_id, (every_down,), will)


class SealedLink:
    """Seals and opens the frames of one box. `spent`: bytes by class, until they are stored."""

    def __init__(self, member: Membership, home: Path, now: Callable[[], Stamp]) -> None:
        self.link = link_of(member)
        self.trace = Trace(home)
        self.spent: dict[str, int] = {}
        self._member, self._now = member, now

    def close(self) -> None:
        """Close the link and its trace."""
        self.link.close()
        self.trace.close()

    def send(self, header: Header, payload: bytes, qos: int = 1) -> None:
        """Seal and publish one frame in its header's lane; raises `LinkError`."""
        frame = seal_up(header, payload, self._member.keys, self._member.hospital)
        self._publish(header, frame, qos)

    def send_records(self, frame: SendFrame, packed: PackedRecords, poisoned: Poisoned) -> None:
        """Seal and publish the records of a SendFrame; raises `LinkError`."""
        for header, sealed in seal_records(self._member, frame, packed, poisoned):
            self._publish(header, sealed)

    def open(self, frame: bytes) -> tuple[DownHeader, bytes]:
        """Verify and open a frame for this box; raises `EnvelopeError`."""
        member = self._member
        return open_down(frame, member.box_id, member.keys, member.hospital)

    def received(self, channel: str, size: int, message: Message | None = None) -> None:
        """Trace a frame of the hospital whose signature was right."""
        self.trace.received(self._now().wall_ms, channel, message, size)

    def event(self, what: str, detail: str = "") -> None:
        """Trace an event of the link itself: a dial, a loss, an error."""
        self.trace.event(self._now().wall_ms, what, detail)

    def _publish(self, header: Header, frame: bytes, qos: int = 1) -> None:
        self.link.publish(topics.up(self._member.box_id, header.lane), frame, qos)
        kind = data_budget.CLASS_OF_LANE[header.lane]
        self.spent[kind] = self.spent.get(kind, 0) + len(frame)
        self.trace.sent(self._now().wall_ms, header, len(frame))
