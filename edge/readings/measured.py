"""The blood pressure that counts in a visit: kept as an entry that names what it came from.

It is reckoned anew, as a further entry, whenever a reading of the visit comes, is taken back, or
somebody says on which arm it was. One reading alone counts without such an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge.model.clock import Stamp
from edge.model.entry import Body, EntryKind
from edge.model.errors import NotFound
from edge.model.reading import Code, Kind, Value
from edge.readings import alerts, measuring
from edge.readings.bodies import row_of, values_of
from edge.readings.measuring import Advice, Arm, CountingPressure, Method, PressureReading
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits

IRREGULAR = "irregular_pulse"
"""The quality flag of a cuff that found the pulse irregular."""


@dataclass(frozen=True, slots=True)
class MeasuredPressure:
    """The newest entry about what counts in a visit; `entries` are those it was reckoned from.

    `arms` are theirs, by entry. Without anything that counts, `method` is `none`.
    """

    entry: int
    values: tuple[Value, ...]
    method: Method
    entries: tuple[int, ...]
    arms: Mapping[int, Arm]


def of_visit(store: Store, visit_id: str) -> MeasuredPressure | None:
    """Return what counts in a visit as it stands; None when nothing was ever reckoned."""
    row = store.row(
        "SELECT entry FROM measured WHERE visit_id = ? AND kind = ? ORDER BY entry DESC LIMIT 1",
        (visit_id, Kind.BLOOD_PRESSURE.value),
    )
    entry = None if row is None else journal.read(store, row["entry"])
    if row is None or entry is None:
        return None
    held = {journal.identity(store, one): one for one in _entries(store, visit_id)}
    arms = {one: arm for arm in (Arm.LEFT, Arm.RIGHT) for one in _named(entry.body, arm, held)}
    return MeasuredPressure(
        row["entry"],
        values_of(entry.body),
        Method(str(entry.body.get("method", Method.NONE))),
        tuple(_named(entry.body, "readings", held)),
        arms,
    )


def readings_of(store: Store, visit_id: str) -> list[PressureReading]:
    """Return the pressures of a visit that nobody took back, oldest first, with their arms."""
    arms = _arms(store, visit_id)
    found = []
    for entry in _entries(store, visit_id):
        held = journal.read(store, entry)
        if held is None:
            continue
        values = {value.code: value for value in values_of(held.body)}
        systolic, diastolic = values.get(Code.SYSTOLIC), values.get(Code.DIASTOLIC)
        if systolic is None or diastolic is None:
            continue
        flags = held.body.get("quality")
        irregular = isinstance(flags, list) and IRREGULAR in flags
        found.append(
            PressureReading(
                str(entry), systolic.value, diastolic.value, held.at.wall_ms,
                arms.get(entry, Arm.UNSAID), irregular,
            )
        )  # fmt: skip
    return found


def advice(store: Store, visit_id: str, now: Stamp) -> Advice:
    """Return what to do now about the blood pressure of a visit."""
    visit = visits.get(store, visit_id)
    first_visit = not store.scalar(
        "SELECT count(*) FROM reading WHERE patient_id = ? AND kind = ? AND visit_id IS NOT ?"
        " AND coalesce(tray, '') <> 'discarded'",
        (visit.patient_id, Kind.BLOOD_PRESSURE.value, visit_id),
    )
    return measuring.advice(readings_of(store, visit_id), now.wall_ms, first_visit=first_visit)


def say_arm(store: Store, now: Stamp, entry: int, arm: Arm, *, actor: str) -> None:
    """Keep on which arm a reading was; raises `NotFound` when no visit has such a pressure."""
    row = store.row("SELECT visit_id, kind FROM reading WHERE entry = ?", (entry,))
    if row is None or row["visit_id"] is None or row["kind"] != Kind.BLOOD_PRESSURE:
        raise NotFound(f"no blood pressure {entry} of a visit")
    with store.transaction():
        arms = {**_arms(store, row["visit_id"]), entry: arm}
        _append(store, now, row["visit_id"], arms, actor)
        alerts.judge(store, now, _entries(store, row["visit_id"])[-1])


def reckon(store: Store, now: Stamp, visit_id: str | None, actor: str | None) -> None:
    """Reckon anew what counts in a visit, after one of its readings came or went.

    Inside the caller's transaction.
    """
    if visit_id is None:
        return
    _append(store, now, visit_id, _arms(store, visit_id), actor)


def _append(
    store: Store, now: Stamp, visit_id: str, arms: Mapping[int, Arm], actor: str | None
) -> None:
    """Write what counts, unless the newest entry says the same."""
    readings = [
        replace(reading, arm=arms.get(int(reading.id), Arm.UNSAID))
        for reading in readings_of(store, visit_id)
    ]
    counts, before = measuring.counting(readings), of_visit(store, visit_id)
    said = {int(reading.id): reading.arm for reading in readings if reading.arm}
    if before is None:
        # One reading alone counts without anybody saying so.
        is_news = bool(said) or (counts is not None and len(readings) > 1)
    else:
        is_news = not _is_same(before, counts, said)
    if is_news:
        _write(store, now, visit_id, (counts, said), actor)


def _write(
    store: Store,
    now: Stamp,
    visit_id: str,
    found: tuple[CountingPressure | None, Mapping[int, Arm]],
    actor: str | None,
) -> None:
    counts, arms = found
    row = store.row("SELECT patient_id FROM visit WHERE id = ?", (visit_id,))
    if row is None:
        return
    used = counts.readings if counts else ()
    body: dict[str, object] = {
        "patient": row["patient_id"],
        "visit": visit_id,
        "day": visits.day_of(now).isoformat(),
        "kind": Kind.BLOOD_PRESSURE.value,
        "values": [row_of(value) for value in _values(counts)],
        "method": (counts.method if counts else Method.NONE).value,
        "readings": [journal.identity(store, int(reading.id)) for reading in used],
    }
    for arm in (Arm.LEFT, Arm.RIGHT):
        named = [journal.identity(store, entry) for entry, on in arms.items() if on is arm]
        if named:
            body[arm.value] = named
    if counts is not None and counts.irregular:
        body["quality"] = [IRREGULAR]
    entry = journal.append(store, EntryKind.MEASURED, now, body, actor=actor)
    store.execute(
        "INSERT INTO measured (entry, visit_id, patient_id, kind) VALUES (?, ?, ?, ?)",
        (entry, visit_id, row["patient_id"], Kind.BLOOD_PRESSURE.value),
    )


def _is_same(
    before: MeasuredPressure, counts: CountingPressure | None, arms: Mapping[int, Arm]
) -> bool:
    used = tuple(int(reading.id) for reading in counts.readings) if counts else ()
    method = counts.method if counts else Method.NONE
    if (used, method, dict(arms)) != (before.entries, before.method, dict(before.arms)):
        return False
    return before.values == _values(counts)


def _named(body: Body, key: str, held: Mapping[str, int]) -> list[int]:
    """Return the entries of the readings that a body names and that the visit still has."""
    named = body.get(key)
    return [held[one] for one in named if one in held] if isinstance(named, list) else []


def _values(counts: CountingPressure | None) -> tuple[Value, ...]:
    if counts is None:
        return ()
    return (
        Value(Code.SYSTOLIC, counts.systolic, "mm[Hg]"),
        Value(Code.DIASTOLIC, counts.diastolic, "mm[Hg]"),
    )


def _arms(store: Store, visit_id: str) -> dict[int, Arm]:
    before = of_visit(store, visit_id)
    return dict(before.arms) if before is not None else {}


def _entries(store: Store, visit_id: str) -> list[int]:
    rows = store.rows(
        "SELECT entry FROM reading WHERE visit_id = ? AND kind = ?"
        " AND coalesce(tray, '') <> 'discarded' AND patient_id IS NOT NULL ORDER BY entry",
        (visit_id, Kind.BLOOD_PRESSURE.value),
    )
    return [row["entry"] for row in rows]
