"""A signed frame for a box, published only after its transaction is committed."""

from __future__ import annotations

from dataclasses import dataclass

from sync.core import topics


@dataclass(frozen=True, slots=True)
class OutgoingFrame:
    """A signed frame for a box, to be published after the commit of what it reports."""

    box_id: str
    channel: str
    payload: bytes

    @property
    def topic(self) -> str:
        """The MQTT topic on which the box receives it."""
        return topics.down(self.box_id, self.channel)
