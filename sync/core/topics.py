"""The MQTT topics of CS/1: `cs/1/u/{box}/{lane}` goes up, `cs/1/d/{box}/{channel}` comes down."""

from __future__ import annotations

UP = "cs/1/u"
DOWN = "cs/1/d"
EVERY_UP = f"{UP}/+/+"
"""What a hospital subscribes to."""


def up(box_id: str, lane: str) -> str:
    """Return the topic on which a box sends frames of a lane."""
    return f"{UP}/{box_id}/{lane}"


def down(box_id: str, channel: str) -> str:
    """Return the topic on which a box receives frames of a channel."""
    return f"{DOWN}/{box_id}/{channel}"


def box_and_lane(topic: str) -> tuple[str, str]:
    """Return box and lane of an upward topic; two empty texts for a topic of another shape."""
    parts = topic.split("/")
    return (parts[3], parts[4]) if len(parts) == 5 else ("", "")
