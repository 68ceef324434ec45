"""The tiles of a visit: each sign once, with its newest value, its source, or what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import Markup

from edge.equipment import registry
from edge.equipment.registry import Live
from edge.model import units
from edge.model.clock import Stamp
from edge.model.reading import Code, Kind, Value
from edge.readings import history
from edge.readings.history import StoredReading
from edge.store.store import Store
from edge.visits.needed_vitals import HEIGHT_HOLDS_FROM_YEARS, needed_for
from kiosk_ui.sentences import issue_texts
from kiosk_ui.wording import (
    N_,
    kind_icon,
    kind_name,
    ltr,
    moment_text,
    own_words,
    plain,
    since,
    t,
    unit_name,
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign that has a tile: the act of measuring it, and the codes of its numbers."""

    kind: Kind
    codes: tuple[Code, ...]


SIGNS = (
    Sign(Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, Code.DIASTOLIC)),
    Sign(Kind.HEART_RATE, (Code.PULSE,)),
    Sign(Kind.OXIMETRY, (Code.SPO2,)),
    Sign(Kind.TEMPERATURE, (Code.TEMPERATURE,)),
    Sign(Kind.RESPIRATORY_RATE, (Code.RESPIRATORY_RATE,)),
    Sign(Kind.WEIGHT, (Code.WEIGHT,)),
    Sign(Kind.HEIGHT, (Code.HEIGHT,)),
    Sign(Kind.GLUCOSE, (Code.GLUCOSE_MMOL_L,)),
)
"""In the order in which they stand on the screen; the first is wide."""

MORE_SIGNS = (
    Sign(Kind.MUAC, (Code.MUAC,)),
    Sign(Kind.HEAD_CIRCUMFERENCE, (Code.HEAD_CIRCUMFERENCE,)),
    Sign(Kind.HAEMOGLOBIN, (Code.HAEMOGLOBIN,)),
)
"""These have a tile when today's reason asks for them; else only once they are measured."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One sign on the screen.

    `state` is "kept", "high", "danger", "live", "missing", "carried" or "off". `value` is a
    number, or words when `in_words`; `why` says what is wrong with it.
    """

    kind: Kind
    name: Markup
    state: str
    value: Markup
    source: Markup
    unit: str = ""
    source_icon: str = ""
    in_words: bool = False
    why: Markup | None = None
    entry: int | None = None

    @property
    def icon(self) -> str:
        """The picture of the act of measuring."""
        return kind_icon(self.kind)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the tiles of a visit are made from: `readings` and `earlier` newest first."""

    readings: list[StoredReading]
    earlier: list[StoredReading]
    urgent: frozenset[int]
    live: list[Live]
    reason: str | None
    age_years: int | None


_SHORT = {Kind.RESPIRATORY_RATE: N_("Breaths")}
"""Names that would be too long for a tile."""


def tiles(seen: Seen, now: Stamp) -> list[Tile]:
    """Return a tile for every sign, then one for each other thing that was measured."""
    asked = [sign for sign in MORE_SIGNS if sign.kind in needed_for(seen.reason)]
    named = [_tile(sign, seen, now) for sign in (*SIGNS, *asked)]
    shown = {tile.entry for tile in named}
    rest = [r for r in seen.readings if not r.struck and r.entry not in shown and _is_other(r)]
    newest = {r.kind: r for r in reversed(rest)}
    return [*named, *(_other(r, seen, now) for r in newest.values())]


def seen_in(store: Store, visit_id: str, patients: list[str], now: Stamp) -> Seen:
    """Read what the tiles of a visit need; reason and age are the caller's to add."""
    readings = history.of_visit(store, visit_id)
    earlier = history.last_before(store, patients, visit_id)
    return Seen(
        readings,
        earlier,
        history.urgent(store, [r.entry for r in readings]),
        registry.live(store, now),
        None,
        None,
    )


def missing(made: Iterable[Tile]) -> list[Tile]:
    """Return the tiles of what is missing for today's reason."""
    return [tile for tile in made if tile.state == "missing"]


def _tile(sign: Sign, seen: Seen, now: Stamp) -> Tile:
    arriving = next((one for one in seen.live if _shows(one, sign)), None)
    if arriving is not None:
        return _live(sign, arriving)
    name = _name(sign.kind)
    newest = next((r for r in seen.readings if not r.struck and _has(r, sign)), None)
    if newest is not None:
        return _kept(sign, newest, seen, now)
    last = next((r for r in seen.earlier if not r.struck and _has(r, sign)), None)
    if sign.kind in needed_for(seen.reason):
        words = t(N_("was %(value)s"), value=_number(last, sign)) if last else Markup("")
        return Tile(sign.kind, _name(sign.kind), "missing", t(N_("missing")), words, in_words=True)
    grown = seen.age_years is not None and seen.age_years >= HEIGHT_HOLDS_FROM_YEARS
    if last is not None and sign.kind is Kind.HEIGHT and grown:
        carried = _kept(sign, last, seen, now)
        from_day = t(N_("from %(day)s"), day=moment_text(last.placed.when))
        return replace(carried, state="carried", source=from_day, source_icon="own_clock", why=None)
    words = t(N_("was %(value)s"), value=_number(last, sign)) if last else t(N_("tap to type"))
    return Tile(sign.kind, name, "off", t(N_("not measured")), words, in_words=True)


def _kept(sign: Sign, reading: StoredReading, seen: Seen, now: Stamp) -> Tile:
    is_danger = reading.entry in seen.urgent and not _is_beside(reading, sign)
    why = _why(reading, sign)
    first = reading.value(sign.codes[0])
    return Tile(
        sign.kind,
        _name(sign.kind),
        "danger" if is_danger else "high" if why else "kept",
        _number(reading, sign),
        _source(reading, sign, now),
        unit_name(first.unit) if first else "",
        "own_keyboard" if reading.source == "typed" else "own_plug",
        why=t(N_("dangerous")) if is_danger else why,
        entry=reading.entry,
    )


def _live(sign: Sign, one: Live) -> Tile:
    numbers = {code: (number, unit) for code, number, unit in one.shown}
    shown = [numbers[code] for code in sign.codes if code in numbers]
    text = "/".join(number for number, _ in shown)
    name = _name(sign.kind)
    return Tile(sign.kind, name, "live", ltr(text), t(N_("settling…")), unit_name(shown[0][1]))


def _other(reading: StoredReading, seen: Seen, now: Stamp) -> Tile:
    value = reading.values[0] if reading.values else None
    why = _why(reading, None)
    return Tile(
        Kind(reading.kind),
        _name(reading.kind),
        "danger" if reading.entry in seen.urgent else "high" if why else "kept",
        ltr(f"{value.comparator}{plain(value.value)}") if value else t(N_("result")),
        _source(reading, None, now),
        unit_name(value.unit) if value else "",
        "own_keyboard" if reading.source == "typed" else "own_plug",
        in_words=value is None,
        why=why,
        entry=reading.entry,
    )


def _name(kind: str) -> Markup:
    return t(_SHORT[Kind(kind)]) if kind in _SHORT else kind_name(kind)


def _is_other(reading: StoredReading) -> bool:
    return not any(_has(reading, sign) for sign in SIGNS)


def _shows(one: Live, sign: Sign) -> bool:
    codes = {code for code, _, _ in one.shown}
    return sign.codes[0] in codes or (
        sign.kind is Kind.GLUCOSE and bool(codes & set(units.codes_of(sign.codes[0])))
    )


def _has(reading: StoredReading, sign: Sign) -> bool:
    return all(reading.value(code) is not None for code in sign.codes)


def _number(reading: StoredReading | None, sign: Sign) -> Markup:
    if reading is None:
        return Markup("")
    values = [v for code in sign.codes if (v := reading.value(code)) is not None]
    return ltr("/".join(_text(value) for value in values))


def _text(value: Value) -> str:
    return f"{value.comparator}{plain(value.value)}"


def _source(reading: StoredReading, sign: Sign | None, now: Stamp) -> Markup:
    at = since(reading.placed.when, now)
    if reading.source == "typed":
        return t(N_("typed %(time)s"), time=at)
    if sign is not None and _is_beside(reading, sign):
        from_what = (
            N_("from the cuff") if reading.kind == Kind.BLOOD_PRESSURE else N_("from the finger")
        )
        return Markup("{} · {}").format(t(from_what), at)
    if sign is not SIGNS[0]:
        return at
    return Markup("{} · {}").format(at, own_words(reading.model or reading.device_id or ""))


def _is_beside(reading: StoredReading, sign: Sign) -> bool:
    """Whether the sign is only beside what was measured: the pulse of a cuff or of a finger."""
    return sign.kind is Kind.HEART_RATE and reading.kind != Kind.HEART_RATE


def _why(reading: StoredReading, sign: Sign | None) -> Markup | None:
    """Return the first thing that is doubtful about a reading's own sign, in words."""
    if sign is not None and _is_beside(reading, sign):
        names: tuple[str, ...] = tuple(n for n in reading.warnings if n == "pulse")
        words = [issue_texts.warning_sentence(name) for name in names]
    else:
        words = [issue_texts.warning_sentence(name) for name in reading.warnings]
        words += issue_texts.quality_words(reading.doubts)
    return words[0] if words else None
