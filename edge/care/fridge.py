"""The temperature log of vaccine refrigerators: read by hand twice a day, or by a sensor.

Vaccines are kept at +2 to +8 degrees Celsius, and the temperature is read and written down twice a
day (WHO, Immunization in practice, 2015, module 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.patients import birth
from edge.store import issues, journal
from edge.store.store import Row, Store

LOWEST: Final = Decimal(2)
HIGHEST: Final = Decimal(8)
"""Degrees Celsius, both good (WHO, Immunization in practice, 2015, module 2)."""

POSSIBLE: Final = (Decimal(-40), Decimal(60))
"""What a thermometer in a refrigerator can show; anything else was typed wrongly."""

CODE: Final = "fridge-temperature"
"""No code of LOINC's: its temperatures are of persons and rooms."""

UNIT: Final = "Cel"
PARTS: Final = ("morning", "evening")
SHOWN_DAYS: Final = 31
UNREAD_DAYS, FORGOTTEN_DAYS = 1, 60
"""A refrigerator without a reading yesterday or today is said; after two months it is gone."""

WARM, COLD, UNREAD = "fridge-warm", "fridge-cold", "fridge-unread"
"""Names of its issues (`edge.store.issues`)."""
LONGEST_NAME: Final = 40
NOON: Final = 12


@dataclass(frozen=True, slots=True)
class FridgeReading:
    """One temperature (degrees Celsius) of a refrigerator, on a local day and part of it.

    `device` is a sensor's id; without one somebody read it.
    """

    fridge: str
    value: Decimal
    day: str = ""
    part: str | None = None
    device: str | None = None
    wall_ms: int = 0
    actor: str | None = None
    entry: int = 0

    @property
    def is_good(self) -> bool:
        """Whether vaccines may be kept at it."""
        return LOWEST <= self.value <= HIGHEST


def note(store: Store, now: Stamp, reading: FridgeReading, actor: str | None) -> FridgeReading:
    """Keep a temperature; raises `InvalidForm`: "fridge" and "value"."""
    name = " ".join(reading.fridge.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidForm({"fridge": "too-long" if name else "required"})
    if not reading.value.is_finite() or not POSSIBLE[0] <= reading.value <= POSSIBLE[1]:
        raise InvalidForm({"value": "impossible"})
    day = reading.day or birth.today_of(now).isoformat()
    part = reading.part or part_of(now)
    source = "typed" if reading.device is None else "device"
    value = format(reading.value, "f")
    body: dict[str, object] = {"fridge": name, "value": [CODE, value, UNIT]}
    body |= {"source": source, "day": day, "part": part}
    if reading.device is not None:
        body["device"] = reading.device
    with store.transaction():
        entry = journal.append(store, EntryKind.FRIDGE, now, body, actor=actor)
        store.execute(
            "INSERT INTO fridge_reading (entry, fridge, value, source, day, part, device, actor,"
            " wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, name, value, source, day, part, reading.device, actor, now.wall_ms),
        )
    return FridgeReading(name, reading.value, day, part, reading.device, now.wall_ms, actor, entry)


def part_of(now: Stamp) -> str:
    """Return which of the day's two readings is made now, by the clock of the clinic's wall."""
    return PARTS[now.wall.astimezone().hour >= NOON]


def log(store: Store, fridge: str, since: str) -> list[FridgeReading]:
    """Return a refrigerator's readings from a local day on, the oldest first."""
    rows = store.rows(
        f"{_ROWS} WHERE fridge = ? AND day >= ? AND taken_back IS NULL"
        " ORDER BY day, wall_ms, entry",
        (fridge, since),
    )
    return [_reading(row) for row in rows]


def names(store: Store) -> list[str]:
    """Return the names of the refrigerators that were ever read, by name."""
    sql = "SELECT DISTINCT fridge FROM fridge_reading WHERE taken_back IS NULL ORDER BY fridge"
    return [row["fridge"] for row in store.rows(sql)]


@dataclass(frozen=True, slots=True)
class FridgeDay:
    """One day of a refrigerator's log: its readings, and the parts of the day without one."""

    day: str
    readings: tuple[FridgeReading, ...]
    missing: tuple[str, ...]

    @property
    def lowest(self) -> Decimal | None:
        """The lowest temperature of the day."""
        return min((reading.value for reading in self.readings), default=None)

    @property
    def highest(self) -> Decimal | None:
        """The highest temperature of the day."""
        return max((reading.value for reading in self.readings), default=None)


def days(store: Store, fridge: str, now: Stamp, many: int = SHOWN_DAYS) -> list[FridgeDay]:
    """Return the last days of a refrigerator's log, the newest first.

    A part of today that has not passed yet is not missing, nor what was before its first reading.
    """
    today = birth.today_of(now)
    first = (today - timedelta(days=many - 1)).isoformat()
    by_day: dict[str, list[FridgeReading]] = {}
    for reading in log(store, fridge, first):
        by_day.setdefault(reading.day, []).append(reading)
    begun = _first_day(store, fridge)
    found = []
    for back in range(many):
        day = (today - timedelta(days=back)).isoformat()
        readings = by_day.get(day, [])
        if begun is not None and day >= begun:
            passed = PARTS if back else PARTS[: PARTS.index(part_of(now))]
            missing = [part for part in passed if part not in {r.part for r in readings}]
            found.append(FridgeDay(day, tuple(readings), tuple(missing)))
    return found


def judge(store: Store, now: Stamp) -> None:
    """Raise or clear the issues of every refrigerator by its newest reading and by its age."""
    for name in names(store):
        newest = log(store, name, _last_day(store, name) or "")[-1]
        outside = None
        if not newest.is_good:
            outside = WARM if newest.value > HIGHEST else COLD
        for kind in {WARM, COLD} - {outside}:
            issues.clear(store, kind, name)
        if outside:
            issues.note(store, now, outside, name, f"{newest.value:f} °C")
        age = birth.today_of(now) - date.fromisoformat(newest.day)
        if UNREAD_DAYS <= age.days <= FORGOTTEN_DAYS:
            issues.note(store, now, UNREAD, name, newest.day)
        else:
            issues.clear(store, UNREAD, name)


def _first_day(store: Store, fridge: str) -> str | None:
    row = store.row(f"SELECT min(day) AS day{_OF}", (fridge,))
    return None if row is None else row["day"]


def _last_day(store: Store, fridge: str) -> str | None:
    row = store.row(f"SELECT max(day) AS day{_OF}", (fridge,))
    return None if row is None else row["day"]


_OF = " FROM fridge_reading WHERE fridge = ? AND taken_back IS NULL"
_ROWS = "SELECT fridge, value, day, part, device, wall_ms, actor, entry FROM fridge_reading"


def _reading(row: Row) -> FridgeReading:
    return FridgeReading(row["fridge"], Decimal(row["value"]), *tuple(row)[2:])
