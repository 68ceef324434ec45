"""The dangers that wait for somebody: alerts of which nobody has said what was done.

A danger is all open alerts of one patient. It ends when somebody says what was done: treated here,
referred, or false (measured again). What was ended does not come again by a later alert of the same
rule and parameter in the same visit, until the level rises; after `false` every alert counts anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.model.clock import PlacedStamp, Stamp, place
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused
from edge.model.reading import Value
from edge.readings import retract
from edge.readings.bodies import values_of
from edge.store import journal
from edge.store.store import Row, Store
from edge.visits.visits import day_of

MEASURED_WRONGLY = "measured-wrongly"
"""Why a reading is struck out of which somebody said at the Stop page that it was wrong."""

DANGEROUS = ("urgent", "emergency")
"""Levels of alerts that stop whoever works, from less to more."""


class Ending(StrEnum):
    """What was done about a danger."""

    TREATED = "treated"
    REFERRED = "referred"
    FALSE = "false"
    """It was measured wrong and is measured again."""


class DangerEvent(StrEnum):
    """What an entry of kind `danger` tells."""

    DONE = "done"
    NOT_DONE = "not-done"
    """A tick was taken back."""
    ENDED = "ended"


SCORES = frozenset({"iitt", "iitt_child", "news2", "qsofa"})
"""Rules about the whole person: the page is about what the others say, when they say as much."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that nobody has answered; `parameter` and `value` are what the rule judged.

    `reading` is a journal entry, None when the alert names none that is here.
    """

    entry: int
    identity: str
    patient_id: str
    visit_id: str | None
    reading: int | None
    rule: str
    level: str
    parameter: str
    value: Value | None
    placed: PlacedStamp

    @property
    def rank(self) -> int:
        """Where its level stands in `DANGEROUS`."""
        return DANGEROUS.index(self.level)


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that was done, by whom (staff id) and when."""

    word: str
    actor: str | None
    placed: PlacedStamp


@dataclass(frozen=True, slots=True)
class Danger:
    """The open alerts of one patient, the worst and newest first, and what was done so far."""

    patient_id: str
    visit_id: str | None
    alerts: tuple[OpenAlert, ...]
    done: tuple[StepDone, ...]

    @property
    def worst(self) -> OpenAlert:
        """The alert that the page is about."""
        return self.alerts[0]


def of_patient(store: Store, patient_id: str) -> Danger | None:
    """Return the danger of a patient, None when nobody has to act."""
    alerts = _open(store, patient_id)
    if not alerts:
        return None
    done = _done(store, patient_id, min(alert.entry for alert in alerts))
    visit = next((alert.visit_id for alert in alerts if alert.visit_id is not None), None)
    return Danger(patient_id, visit, alerts, done)


def waiting(store: Store) -> list[Danger]:
    """Return every danger at this box, the one that waits longest first."""
    rows = store.rows(f"SELECT a.patient_id, min(a.entry) AS first {_UNANSWERED} GROUP BY"
        " a.patient_id ORDER BY first", DANGEROUS)  # fmt: skip
    found = (of_patient(store, row["patient_id"]) for row in rows)
    return [danger for danger in found if danger is not None]


def set_step(
    store: Store, now: Stamp, danger: Danger, word: str, *, done: bool, actor: str
) -> None:
    """Keep that a step was done, or that it was not; saying so again changes nothing."""
    if done == (word in {step.word for step in danger.done}):
        return
    event = DangerEvent.DONE if done else DangerEvent.NOT_DONE
    with store.transaction():
        _append(store, now, danger, (event, word), actor)


def end(store: Store, now: Stamp, danger: Danger, ending: Ending, *, actor: str) -> None:
    """Keep what was done about a danger: its alerts are answered.

    After `FALSE` the readings that raised it are struck out as measured wrongly. Raises
    `ActionRefused` ("already-answered") when somebody else was quicker.
    """
    with store.transaction():
        still = of_patient(store, danger.patient_id)
        open_now = {alert.entry for alert in still.alerts} if still else set()
        if not open_now & {alert.entry for alert in danger.alerts}:
            raise ActionRefused("already-answered", "somebody has said what was done")
        entry = _append(store, now, danger, (DangerEvent.ENDED, ending.value), actor)
        for alert in danger.alerts:
            store.execute(
                "INSERT OR IGNORE INTO danger_alert (alert, danger) VALUES (?, ?)",
                (alert.entry, entry),
            )
        if ending is Ending.FALSE:
            for reading in sorted({a.reading for a in danger.alerts if a.reading is not None}):
                if _is_held(store, reading, danger.patient_id):
                    retract.strike(store, now, reading, MEASURED_WRONGLY, actor=actor)


def _is_held(store: Store, reading: int, patient_id: str) -> bool:
    row = store.row("SELECT patient_id, tray FROM reading WHERE entry = ?", (reading,))
    return row is not None and row["patient_id"] == patient_id and row["tray"] != "discarded"


_COLUMNS = "SELECT a.*, coalesce(a.visit_id, r.visit_id) AS in_visit"
_UNANSWERED = (
    "FROM alert a LEFT JOIN reading r ON r.entry = a.reading"
    " WHERE a.level IN (?, ?) AND NOT EXISTS (SELECT 1 FROM danger_alert d WHERE d.alert = a.entry)"
    " AND coalesce(r.tray, '') <> 'discarded'"
    " AND (r.entry IS NULL OR r.patient_id = a.patient_id) AND r.day IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.id = a.visit_id AND v.paper = 1"
    " AND v.day < date(v.opened_wall_ms / 1000, 'unixepoch', 'localtime'))"
    " AND NOT EXISTS (SELECT 1 FROM visit_move m WHERE m.visit_id = a.visit_id"
    " AND m.from_patient = a.patient_id)"
    " AND NOT EXISTS (SELECT 1 FROM assessment s WHERE s.entry = a.assessment AND s.stands = 0)"
)
"""What was typed in later from paper of an earlier day is listed and stops nobody today; a visit
that was another patient's stops nobody either."""


def _open(store: Store, patient_id: str) -> tuple[OpenAlert, ...]:
    sql = f"{_COLUMNS} {_UNANSWERED} AND a.patient_id = ?"
    found = [_alert(store, row) for row in store.rows(sql, (*DANGEROUS, patient_id))]
    if not found:
        return ()
    ended = _ended(store, patient_id)
    alerts = [alert for alert in found if not _is_covered(alert, ended)]
    return tuple(sorted(alerts, key=lambda one: (-one.rank, one.rule in SCORES, -one.entry)))


def _is_covered(alert: OpenAlert, ended: Iterable[OpenAlert]) -> bool:
    """Whether a person has already said what was done about such an alert of this visit."""
    return alert.visit_id is not None and any(
        (one.visit_id, one.rule, one.parameter) == (alert.visit_id, alert.rule, alert.parameter)
        and one.rank >= alert.rank
        for one in ended
    )


def _ended(store: Store, patient_id: str) -> list[OpenAlert]:
    rows = store.rows(
        f"{_COLUMNS} FROM danger d JOIN danger_alert e ON e.danger = d.entry"
        " JOIN alert a ON a.entry = e.alert LEFT JOIN reading r ON r.entry = a.reading"
        " WHERE d.patient_id = ? AND d.word <> ? AND a.level IN (?, ?)",
        (patient_id, Ending.FALSE.value, *DANGEROUS),
    )
    return [_alert(store, row) for row in rows]


def _done(store: Store, patient_id: str, after: int) -> tuple[StepDone, ...]:
    rows = store.rows(
        "SELECT entry, what, word FROM danger WHERE patient_id = ? AND entry > ? AND what <> ?"
        " ORDER BY entry",
        (patient_id, after, DangerEvent.ENDED.value),
    )
    held: dict[str, StepDone] = {}
    for row in rows:
        held.pop(row["word"], None)
        entry = journal.read(store, row["entry"])
        if row["what"] == DangerEvent.DONE and entry is not None:
            placed = place(entry.at, store.anchors(entry.at.boot))
            held[row["word"]] = StepDone(row["word"], entry.actor, placed)
    return tuple(held.values())


def _alert(store: Store, row: Row) -> OpenAlert:
    entry = journal.read(store, row["entry"])
    body = {} if entry is None else entry.body
    at = store.clock().now() if entry is None else entry.at
    return OpenAlert(
        row["entry"],
        journal.identity(store, row["entry"]),
        row["patient_id"],
        row["in_visit"],
        row["reading"],
        row["rule"],
        row["level"],
        str(body.get("parameter", "")),
        next(iter(values_of({"values": [body["value"]]})), None) if "value" in body else None,
        place(at, store.anchors(at.boot)),
    )


def _append(
    store: Store, now: Stamp, danger: Danger, said: tuple[DangerEvent, str], actor: str
) -> int:
    what, word = said
    body: dict[str, object] = {
        "patient": danger.patient_id,
        "day": day_of(now).isoformat(),
        "what": what.value,
        "word": word,
        "level": danger.worst.level,
        "alerts": [alert.identity for alert in danger.alerts],
    }
    if danger.visit_id is not None:
        body["visit"] = danger.visit_id
    entry = journal.append(store, EntryKind.DANGER, now, body, actor=actor)
    store.execute(
        "INSERT INTO danger (entry, patient_id, visit_id, what, word) VALUES (?, ?, ?, ?, ?)",
        (entry, danger.patient_id, danger.visit_id, what.value, word),
    )
    return entry
