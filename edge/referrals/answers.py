"""What the receiving place answered to a referral, as it came with the hospital's feed."""

from __future__ import annotations

from dataclasses import dataclass

from edge.feed import messages
from edge.feed.messages import Message
from edge.model.feed_item import text_of
from edge.store.store import Store

TEXTS = ("findings", "treatment", "todo")
"""What the doctor writes: what was found, what was done, what the clinic shall do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer's newest revision. `arrived` is "yes", "no" or "" (not said).

    `outcome` is a word of `Outcome` or "". `message` says who wrote it, when, and who read it here.
    """

    message: Message
    arrived: str
    outcome: str
    findings: str
    treatment: str
    todo: str


def of(store: Store, referral_id: str) -> Answer | None:
    """Return the answer to a referral, None while none has come."""
    found = messages.of_referral(store, referral_id)
    if found is None:
        return None
    message, body = found
    arrived, outcome = text_of(body, "arrived") or "", text_of(body, "outcome") or ""
    return Answer(message, arrived, outcome, *(text_of(body, name) or "" for name in TEXTS))
