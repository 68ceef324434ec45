"""What is wrong right now, in one place: each process raises and clears its own conditions.

A condition is a stable `kind` ("port-busy"), a `subject` ("Contec CMS50D+") and a short detail.
The kiosk shows it in the reader's language; `healthpost status` prints `sentence()`.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.store.store import Store

SENTENCES = {
    "port-busy": "Another program is using the cable of {subject}; close it or restart the box.",
    "port-missing": "The cable of {subject} is not plugged in.",
    "line-settings": "{subject} sends unreadable data; check the speed set on the device.",
    "device-silent": "{subject} has stopped sending; check that it is switched on.",
    "battery-low": "The battery of {subject} is low.",
    "bond-stale": "{subject} has forgotten this box: pair it again, as when it was new.",
    "not-paired": "{subject} has not been paired with this box; pair it before it is used.",
    "device-refuses": "{subject} does not hand over its readings ({detail}); call the technician.",
    "bluetooth-off": "Bluetooth is switched off or not answering; wireless devices will not work.",
    "broker-unreachable": "The hospital cannot be reached; readings are safe here and will follow.",
    "link-refused": "The hospital refuses this box ({detail}); call the technician.",
    "chain-differs": "The hospital does not hold the same records as this box ({detail});"
    " all of them are sent again.",
    "identity-doubled": "Another box uses this box's identity, so the hospital has stopped both;"
    " readings are safe here. Call the technician to enrol this box anew.",
    "shut-out": "The hospital has shut this box out; readings stay here. Call the technician.",
    "record-unsendable": "Some records ({detail}) cannot be sent as they are; they are kept here."
    " Call the technician.",
    "records-damaged": "Records on the disk are damaged ({detail}); call the technician.",
    "clock-unset": "The box does not know the date; please confirm it.",
    "disk-low": "The disk is nearly full ({detail} left); call the technician.",
    "disk-full": "The disk is full; new readings cannot be kept.",
    "not-enrolled": "This box is not enrolled with a hospital yet; readings stay here.",
}
"""One plain English sentence for each kind."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong, and since when by the box's wall clock."""

    kind: str
    subject: str
    detail: str
    since_ms: int

    def sentence(self) -> str:
        """Return the plain English sentence."""
        return SENTENCES[self.kind].format(subject=self.subject, detail=self.detail)


def note(store: Store, now: Stamp, kind: str, subject: str = "", detail: str = "") -> None:
    """Say that something is wrong (again); `since` stays at the first time."""
    if kind not in SENTENCES:
        raise LookupError(f"no sentence for the condition {kind!r}")
    held = store.row("SELECT detail FROM condition WHERE kind = ? AND subject = ?", (kind, subject))
    if held is not None and held["detail"] == detail:
        return
    with store.transaction():
        store.execute(
            "INSERT INTO condition (kind, subject, since_ms, detail) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail",
            (kind, subject, now.wall_ms, detail),
        )


def clear(store: Store, kind: str, subject: str = "") -> None:
    """Say that it is no longer so; nothing happens when it was not."""
    if not is_noted(store, kind, subject):
        return
    with store.transaction():
        sql = "DELETE FROM condition WHERE kind = ? AND subject = ?"
        store.execute(sql, (kind, subject))


def is_noted(store: Store, kind: str, subject: str = "") -> bool:
    """Whether this is wrong right now."""
    sql = "SELECT 1 FROM condition WHERE kind = ? AND subject = ?"
    return store.row(sql, (kind, subject)) is not None


def current(store: Store) -> list[Condition]:
    """Return everything that is wrong, oldest first."""
    rows = store.rows("SELECT * FROM condition ORDER BY since_ms, kind, subject")
    return [Condition(r["kind"], r["subject"], r["detail"], r["since_ms"]) for r in rows]
