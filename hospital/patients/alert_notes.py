"""What clinicians do about alerts: seen, handled, with a note, by whom and when.

Every word is kept; the newest is what stands. The clinic is told through its feed, so that the
health worker who raised the alert sees that somebody at the hospital has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.model.feed_item import Entity
from hospital.archive import Archive, Row, row
from hospital.archive.errors import HospitalError
from hospital.patients import messages

LONGEST_NOTE = 500


class State(StrEnum):
    """What was done about an alert."""

    SEEN = "seen"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class Note:
    """Somebody has seen or handled an alert; `at_ms` is Unix milliseconds."""

    alert: str
    state: State
    note: str
    account: str
    at_ms: int


def note(
    archive: Archive, alert_id: str, state: State, text: str, account: str, now_ms: int
) -> None:
    """Keep what was done about an alert and tell its clinic; raises `HospitalError`.

    The alert is named by its content id. It goes to the clinic that raised it, whosesoever the
    patient is.
    """
    text = text.replace("\x00", "").strip()[:LONGEST_NOTE]
    with archive.transaction():
        alert = row(archive, "SELECT * FROM alert WHERE id = ?", (alert_id,))
        if alert is None:
            raise HospitalError("there is no such alert")
        archive.execute(
            "INSERT INTO alert_note (alert, state, note, account, at_ms) VALUES (?, ?, ?, ?, ?)",
            (alert_id, state.value, text, account, now_ms),
        )
        archive.execute(
            "UPDATE alert SET handled = ? WHERE id = ?", (int(state is State.HANDLED), alert_id)
        )
        _tell(archive, alert, Note(alert_id, state, text, account, now_ms))


def notes(archive: Archive, alert_ids: Sequence[str]) -> dict[str, list[Note]]:
    """Return what was done about alerts, by alert, newest first."""
    found: dict[str, list[Note]] = {}
    if not alert_ids:
        return found
    marks = ", ".join("?" * len(alert_ids))
    sql = f"SELECT * FROM alert_note WHERE alert IN ({marks}) ORDER BY number DESC"
    for r in archive.rows(sql, list(alert_ids)):
        one = Note(r["alert"], State(r["state"]), r["note"], r["account"], r["at_ms"])
        found.setdefault(one.alert, []).append(one)
    return found


def _tell(archive: Archive, alert: Row, said: Note) -> None:
    before = messages.of_alert(archive, said.alert)
    body: dict[str, object] = {"by": said.account, "at_ms": said.at_ms, "state": said.state.value}
    if alert["patient"]:
        body["patient"] = alert["patient"]
    if said.note:
        body["note"] = said.note
    rev = 1 if before is None else before.rev + 1
    who = alert["patient"] or ""
    act = messages.SentMessage(
        Entity.ALERT, said.alert, rev, who, body, False, said.account, said.at_ms
    )
    messages.say(archive, act, [alert["clinic"]])
