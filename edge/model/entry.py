"""A journal entry: the one immutable record of something that happened at the clinic.

Its canonical form is UTF-8 JSON with sorted keys, no spaces and no floats. That text is what the
hash chain covers, what the hospital stores and what identifies the entry, so it must never depend
on who writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry_kinds import EntryKind as EntryKind
from edge.model.entry_kinds import Lane as Lane

Body = Mapping[str, object]

_SCALARS = (str, int, bool, type(None))
_PLAIN = frozenset(_SCALARS)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

_QUALITIES = {quality.value: quality for quality in ClockQuality}
_VARIANTS = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}

GENESIS = bytes(16)
"""The chain before the first record of a stream."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, when by the box's clock, by whom (staff id, None for the box itself)."""

    kind: str
    at: Stamp
    body: Body
    actor: str | None = None

    def canonical(self) -> bytes:
        """Return the canonical bytes; raises `ValueError` on a float or another foreign type."""
        record: dict[str, object] = {
            "at": [self.at.boot, self.at.t_ms, self.at.wall_ms, str(self.at.quality)],
            "body": self.body,
            "kind": str(self.kind),
        }
        if self.actor is not None:
            record["actor"] = self.actor
        return canonical_json(record)

    @classmethod
    def parse(cls, record: bytes) -> Entry:
        """Read a canonical record; raises `ValueError` when it is not one."""
        try:
            raw = _decode(record.decode("utf-8"))
            boot, t_ms, wall_ms, quality = raw["at"]
            stamp = Stamp(boot, t_ms, wall_ms, _QUALITIES[quality])
            return cls(raw["kind"], stamp, raw["body"], raw.get("actor"))
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            raise ValueError(f"not a journal record: {error}") from error


def canonical_json(value: object) -> bytes:
    """Encode as canonical JSON; raises `ValueError` on floats, NaN and foreign types."""
    _check(value)
    return _encode(value).encode("utf-8")


def chain(previous: bytes, record: bytes) -> bytes:
    """Return the chain after `record` (BLAKE2b-128 over the previous chain and the record)."""
    return hashlib.blake2b(previous + record, digest_size=16).digest()


def content_id(box_id: str, record: bytes) -> UUID:
    """Return the record's id (UUIDv8, RFC 9562): the same wherever it is computed."""
    return UUID(content_ids(box_id, [record])[0])


def content_ids(box_id: str, records: Iterable[bytes]) -> list[str]:
    """Return the ids of records of one box, as texts."""
    owner, found = hashlib.sha256(box_id.encode() + b"\x00"), []
    for record in records:
        digest = owner.copy()
        digest.update(record)
        text = digest.hexdigest()
        variant = _VARIANTS[text[16]]
        found.append(f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}")
    return found


def _check(value: object) -> None:
    if isinstance(value, list | tuple):  # before Mapping, which takes Python ten times as long
        inside: Iterable[object] = value
    elif isinstance(value, dict | Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"a record's keys are text, not {key!r}")
        inside = value.values()
    elif isinstance(value, _SCALARS):
        return
    else:
        raise ValueError(f"a record cannot hold {type(value).__name__}: {value!r}")
    for inner in inside:
        if type(inner) not in _PLAIN:
            _check(inner)


def _refuse_float(text: str) -> object:
    raise ValueError(f"a record cannot hold the float {text}")


_decode = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float).decode
