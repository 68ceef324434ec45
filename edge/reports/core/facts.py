"""Facts: what a journal entry tells a report, and nothing more; one function for all kinds.

A fact refers to no row of any table, so that a box may prune its journal and keep the facts. They
are the same wherever they are made: from a box's journal or from the hospital's records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from edge.model.bounds import LAST_MS
from edge.model.clock import Stamp
from edge.model.entry_kinds import EntryKind
from edge.model.reading import IMPROBABLE, PERHAPS_SAME, UNCHECKED
from edge.reports.core import months

Json = Any
"""What JSON can hold, of any form: nobody vouches for a record."""

LONGEST = 200
"""So many characters of a text count; what is longer is no word of a table."""
MOST = 64

VERSION: Final = 1
"""Of what is kept of an entry: facts of another version are made anew from the entries at hand."""

UTC_OFFSET = "box.utc_offset_min"
"""The setting that says how many minutes the clinic's clocks are ahead of UTC."""


class Origin(NamedTuple):
    """Which entry: its content id, the box that wrote it, and its place in that box's order.

    At a box the place is (0, journal id), at the hospital (epoch, sequence): both grow alike
    within one lane of one box, and nothing else is compared.
    """

    id: str
    box: str
    order: tuple[int, int]
    actor: str = ""
    """Who typed a reading: a staff id."""


class Fact(NamedTuple):
    """One fact. `day` is "" when the body does not say it; `data` depends on the kind."""

    id: str
    box: str
    order: tuple[int, int]
    kind: str
    day: str
    patient: str
    visit: str
    wall_ms: int
    data: Mapping[str, Json]


def facts_of(kind: str, body: object, at: Stamp, origin: Origin) -> Fact | None:
    """Return the fact of an entry, None when it tells reports nothing; never raises."""
    reader = READERS.get(kind)
    if reader is None or not isinstance(body, Mapping) or not _is_moment(at.wall_ms):
        return None
    data = reader(body)
    if data is None:
        return None
    if kind == EntryKind.READING and data.get("source") == "typed" and _is_plain(origin.actor):
        data = {**data, "actor": origin.actor}
    day = body.get("day")
    return Fact(
        *origin[:3],
        str(kind),
        str(day) if months.is_day(day) else "",
        _text(body, "patient"),
        _text(body, "visit"),
        at.wall_ms,
        data,
    )


def _text(body: Mapping[str, Json], key: str) -> str:
    value = body.get(key)
    return value if _is_plain(value) else ""


def _is_plain(value: Json) -> TypeGuard[str]:
    """Whether a value is a text that a table can hold and a report may name."""
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()


def _is_moment(wall_ms: Json) -> bool:
    return isinstance(wall_ms, int) and 0 <= wall_ms <= LAST_MS


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list | tuple):
        return []
    return [text for text in value[:MOST] if _is_plain(text)]


def _count(body: Mapping[str, Json], key: str) -> int:
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _kept(*texts: str, counts: tuple[str, ...] = (), truths: tuple[str, ...] = ()) -> Reader:
    """Return a reader that keeps these keys of a body."""

    def read(body: Mapping[str, Json]) -> Mapping[str, Json]:
        data: dict[str, Json] = {key: text for key in texts if (text := _text(body, key))}
        data |= {key: number for key in counts if (number := _count(body, key))}
        return data | {key: True for key in truths if body.get(key) is True}

    return read


def _registered(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    return None if "set" in body else {}


def _reading(body: Mapping[str, Json]) -> Mapping[str, Json]:
    doubts = [q for q in _texts(body.get("quality")) if q in DOUBTS]
    data: dict[str, Json] = {
        **{
            key: text for key in ("kind", "source", "device", "model") if (text := _text(body, key))
        },
        "values": _values(body.get("values")),
    }
    coded = [_texts(row) for row in _list(body.get("coded"))]
    optional = {"coded": [row for row in coded if len(row) == 2], "doubts": doubts}
    return data | {key: value for key, value in optional.items() if value}


DOUBTS: Final = frozenset({UNCHECKED, IMPROBABLE, PERHAPS_SAME})
"""Readings with one of these count only after somebody has settled it."""


def _values(rows: Json) -> list[list[str]]:
    found = [_texts(row) for row in _list(rows)]
    return [row for row in found if 3 <= len(row) <= 4]


def _list(value: Json) -> list[Json]:
    return list(value[:MOST]) if isinstance(value, list | tuple) else []


def _measured(body: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"values": _values(body.get("values")), "readings": _texts(body.get("readings"))}


def _note(body: Mapping[str, Json]) -> Mapping[str, Json]:
    changes = body.get("set")
    found = changes if isinstance(changes, Mapping) else {}
    return {"set": {name: _change(found[name]) for name in NOTED if name in found}}


NOTED: Final = (
    *("reason", "complaints", "danger_signs", "pregnant", "lmp", "gestation_weeks", "postpartum"),
    *("outcome",),
)
"""The fields of a visit's notes that a report or a register looks at."""


def _change(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _texts(value.get(key)) for key in ("add", "remove") if key in value}
    return value if _is_plain(value) else None


def _assessment(body: Mapping[str, Json]) -> Mapping[str, Json]:
    data = {key: text for key in ("rule", "status", "level", "cause") if (text := _text(body, key))}
    return data | {
        "result": _result(body.get("result")),
        "readings": _texts(body.get("readings")),
    }


def _result(text: Json) -> Mapping[str, Json]:
    """Return the words and truths at the top of a result; numbers are not counted by anybody."""
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    words = {k: v for k, v in found.items() if isinstance(v, bool) or _is_plain(v)}
    return dict(sorted((k, v) for k, v in words.items() if _is_plain(k))[:MOST])


def _programme(body: Mapping[str, Json]) -> Mapping[str, Json]:
    facts = body.get("facts")
    lmp = facts.get("lmp") if isinstance(facts, Mapping) else None
    data = {key: text for key in ("episode", "programme", "state") if (text := _text(body, key))}
    return data | ({"lmp": lmp} if months.is_day(lmp) else {})


def _offset(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Return the clinic's offset from UTC that a box states; None for any other setting."""
    text = _text(body, "value")
    digits = text.removeprefix("-")
    if body.get("key") != UTC_OFFSET or not (digits.isascii() and digits.isdigit()):
        return None
    return {"offset": int(text)} if len(digits) <= 4 else None


Reader = Callable[[Mapping[str, Json]], Mapping[str, Json] | None]

READERS: Final[Mapping[str, Reader]] = {
    EntryKind.PATIENT.value: _registered,
    EntryKind.VISIT_OPENED.value: _kept("mode", "reason", counts=("number",), truths=("paper",)),
    "visit-note": _note,
    "visit-moved": _kept("to", "becomes"),
    EntryKind.READING.value: _reading,
    EntryKind.CLAIM.value: _kept("reading", "why"),
    EntryKind.CONFIRM.value: _kept("reading", "doubt"),
    "measured": _measured,
    "assessment": _assessment,
    "programme": _programme,
    "appointment": _kept("appointment", "programme", "due", "state"),
    "call": _kept("outcome", "appointment", "episode"),
    "immunization": _kept("vaccine", counts=("dose",), truths=("elsewhere",)),
    "medicine": _kept("medicine", "state", "quantity"),
    "referral": _kept("referral", "state", "urgency"),
    "notification": _kept("id", "disease", "state", "week"),
    "stock": _kept("item", "what", "number"),
    "taken-back": _kept("entry"),
    EntryKind.DEVICE.value: _kept("device", "model"),
    EntryKind.SETTING.value: _offset,
}
"""By kind: what of a body counts; None: nothing. Kinds of a newer release tell nothing."""
