"""Notes of clinicians on alerts: seen or handled, by whom and when.

Every note is kept; the newest is valid. It is sent to the clinic through its feed, so that the
health worker there sees that somebody at the hospital has seen the alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.model.feed_item import Entity
from hospital.accounts import accounts
from hospital.archive import Archive, Row, row
from hospital.archive.errors import HospitalError
from hospital.patients import escalation, messages

LONGEST_NOTE = 500


class State(StrEnum):
    """What was done about an alert."""

    SEEN = "seen"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class Note:
    """Somebody has seen or handled an alert; `at_ms` is Unix milliseconds.

    `name` is the person's full name, or the account's where none is known.
    """

    alert: str
    state: State
    note: str
    account: str
    at_ms: int
    name: str = ""


def note(
    archive: Archive, alert_id: str, state: State, text: str, account: str, now_ms: int
) -> None:
    """Keep what was done about an alert and send it to its clinic; raises `HospitalError`.

    The alert is named by its content id. It goes to the clinic that raised it, whosesoever the
    patient is.
    """
    text = text.replace("\x00", "").strip()[:LONGEST_NOTE]
    with archive.transaction():
        alert = row(archive, "SELECT * FROM alert WHERE id = ?" + archive.for_update, (alert_id,))
        if alert is None:
            raise HospitalError("there is no such alert")
        archive.execute(
            "INSERT INTO alert_note (alert, state, note, account, at_ms) VALUES (?, ?, ?, ?, ?)",
            (alert_id, state.value, text, account, now_ms),
        )
        archive.execute(
            "UPDATE alert SET handled = ? WHERE id = ?", (int(state is State.HANDLED), alert_id)
        )
        name = accounts.person_name(archive, account)
        _send(archive, alert, Note(alert_id, state, text, account, now_ms, name))
        escalation.end(archive, alert["clinic"], alert_id)


def notes(archive: Archive, alert_ids: Sequence[str]) -> dict[str, list[Note]]:
    """Return what was done about alerts, by alert, newest first."""
    found: dict[str, list[Note]] = {}
    if not alert_ids:
        return found
    marks = ", ".join("?" * len(alert_ids))
    sql = (
        "SELECT n.*, a.full_name FROM alert_note n LEFT JOIN account a ON a.name = n.account"
        f" WHERE n.alert IN ({marks}) ORDER BY n.number DESC"
    )
    for r in archive.rows(sql, list(alert_ids)):
        name = r["full_name"] or r["account"]
        entry = Note(r["alert"], State(r["state"]), r["note"], r["account"], r["at_ms"], name)
        found.setdefault(entry.alert, []).append(entry)
    return found


def _send(archive: Archive, alert: Row, note: Note) -> None:
    before = messages.of_alert(archive, note.alert)
    body: dict[str, object] = {"by": note.name, "at_ms": note.at_ms, "state": note.state.value}
    if alert["patient"]:
        body["patient"] = alert["patient"]
    if note.note:
        body["note"] = note.note
    rev = 1 if before is None else before.rev + 1
    who = alert["patient"] or ""
    act = messages.SentMessage(
        Entity.ALERT, note.alert, rev, who, body, False, note.account, note.at_ms
    )
    messages.send(archive, act, [alert["clinic"]])
