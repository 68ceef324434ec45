"""Texts that are too long for their place: cut between words, never inside a command."""

from __future__ import annotations

ELLIPSIS = "…"
_COMMAND = "`"
"""What stands between two of these is to be typed as it is written."""


def shortened(text: str, most: int) -> str:
    """Return the text in at most so many characters; what is cut off is shown as an ellipsis.

    A command in backticks stays whole or is left out whole.
    """
    if len(text) <= most:
        return text
    head = text[: most - len(ELLIPSIS)]
    if head.count(_COMMAND) % 2:
        head = head[: head.rindex(_COMMAND)]
    elif not text[len(head)].isspace() and " " in head:
        head = head[: head.rindex(" ")]
    return head.rstrip() + ELLIPSIS
