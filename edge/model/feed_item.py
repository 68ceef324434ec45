"""What the hospital's feed consists of: items, each the newest revision of one thing.

Both ends compute a mark for every item and add the marks up by bucket, so that sixteen numbers
tell whether a replica is the original and, when it is not, which sixteenth to fetch again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.model.entry import Body, canonical_json

BUCKETS = 16
NOTHING = (0,) * BUCKETS
"""The sums of an empty replica."""

_MODULUS = 2**64


class Entity(StrEnum):
    """The kinds of items in the feed of a clinic.

    A box keeps an item of a kind that it does not know, and shows nothing of it.
    """

    PATIENT = "patient"
    APPOINTMENT = "appointment"
    REPLY = "reply"
    SETTING = "setting"
    STAFF = "staff"
    CONTENT = "content"
    ALERT = "alert"
    MONTH = "month"
    ESCALATION = "escalation"
    REFERRAL = "referral"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing as of its revision `rev`; the body is what canonical JSON can hold."""

    entity: str
    id: str
    rev: int
    body: Body

    @property
    def key(self) -> str:
        """Names the item within a feed."""
        return f"{self.entity}/{self.id}"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an item at `ver` of the feed; no body: it is not this clinic's any more."""

    ver: int
    entity: str
    id: str
    rev: int
    body: Body | None

    @property
    def item(self) -> Item | None:
        """The item that is to be put, None when one is to be removed."""
        if self.body is None:
            return None
        return Item(self.entity, self.id, self.rev, self.body)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a replica is: version `ver` of the feed that bears the number `epoch`."""

    epoch: int = 0
    ver: int = 0


@dataclass(frozen=True, slots=True)
class Shadow:
    """A snapshot being taken: as of which version, of which bucket (None: all), how far."""

    epoch: int
    as_of: int
    bucket: int | None
    after: str


def bucket_of(entity: str, item_id: str) -> int:
    """Return the bucket of an item."""
    name = f"{entity}/{item_id}".encode()
    return hashlib.blake2b(name, digest_size=1).digest()[0] % BUCKETS


def mark(item: Item) -> int:
    """Return 64 bits that differ when an item differs in anything."""
    encoded = canonical_json([item.entity, item.id, item.rev, item.body])
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "big")


def add(total: int, marks: Iterable[int]) -> int:
    """Return a bucket's sum with some marks added; pass negative marks to take them out."""
    return (total + sum(marks)) % _MODULUS


def sums(items: Iterable[Item]) -> tuple[int, ...]:
    """Return the sum of each bucket."""
    found = list(NOTHING)
    for item in items:
        bucket = bucket_of(item.entity, item.id)
        found[bucket] = add(found[bucket], (mark(item),))
    return tuple(found)


def signed(number: int) -> int:
    """Return 64 bits as a database holds them, with a sign."""
    return number - _MODULUS if number >= _MODULUS // 2 else number


def unsigned(number: int) -> int:
    """Undo `signed`."""
    return number % _MODULUS


def text_of(body: Mapping[str, object], name: str) -> str | None:
    """Return a text of an item's body, None when it has none by that name."""
    value = body.get(name)
    return value if isinstance(value, str) else None
