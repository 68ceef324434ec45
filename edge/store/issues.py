"""Issues of the box: what is wrong at this moment. Each process raises and clears its own.

An issue is a stable `kind` ("port-busy"), a `subject` ("Contec CMS50D+") and a short detail.
The kiosk shows it in the reader's language; `healthpost status` prints `sentence()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.model.clock import Stamp
from edge.store.store import Store


class Severity(StrEnum):
    """How bad an issue is, in the words of FHIR's OperationOutcome.

    error: something that the box promises does not work. warning: it will not for long, or one
    device does not. information: the box works, and somebody should know.
    """

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class IssueKind:
    """A kind of issue; its sentence is English, `%(subject)s` and `%(detail)s` are filled in.

    The kiosk translates the sentence, `healthpost status` prints it.
    """

    name: str
    severity: Severity
    sentence: str


ISSUES = (
    IssueKind(
        "port-busy",
        Severity.WARNING,
        "Another program is using the cable of %(subject)s. Close it or restart the box.",
    ),
    IssueKind(
        "port-missing",
        Severity.WARNING,
        "The cable of %(subject)s is not plugged in.",
    ),
    IssueKind(
        "line-settings",
        Severity.WARNING,
        "%(subject)s sends unreadable data. Check the speed set on the device.",
    ),
    IssueKind(
        "device-silent",
        Severity.WARNING,
        "%(subject)s has stopped sending. Check that it is switched on.",
    ),
    IssueKind(
        "battery-low",
        Severity.WARNING,
        "The battery of %(subject)s is low.",
    ),
    IssueKind(
        "bond-stale",
        Severity.WARNING,
        "%(subject)s has forgotten this box. Pair it again, as when it was new.",
    ),
    IssueKind(
        "not-paired",
        Severity.WARNING,
        "%(subject)s has not been paired with this box. Pair it before it is used.",
    ),
    IssueKind(
        "not-added",
        Severity.INFORMATION,
        "%(subject)s is near and was not added to this box. Nothing of it is kept. Add it if it "
        "is yours.",
    ),
    IssueKind(
        "tells-nothing",
        Severity.WARNING,
        "%(subject)s connects but gives no readings. Measure once; if none comes, call the "
        "technician.",
    ),
    IssueKind(
        "device-refuses",
        Severity.WARNING,
        "%(subject)s does not hand over its readings (%(detail)s). Call the technician.",
    ),
    IssueKind(
        "bluetooth-off",
        Severity.ERROR,
        "Bluetooth is switched off or does not answer. Wireless devices will not work.",
    ),
    IssueKind(
        "broker-unreachable",
        Severity.INFORMATION,
        "The hospital cannot be reached. Readings are safe here and will follow.",
    ),
    IssueKind(
        "link-refused",
        Severity.ERROR,
        "The hospital refuses this box (%(detail)s). Call the technician.",
    ),
    IssueKind(
        "keys-unusable",
        Severity.ERROR,
        "The keys of this box are missing, damaged or another box's, so nothing is sent. Readings "
        "are safe here. Call the technician.",
    ),
    IssueKind(
        "certificate-date",
        Severity.WARNING,
        "The date of this box does not fit the certificate of the hospital's broker (%(detail)s). "
        "Readings are delivered all the same. Call the technician.",
    ),
    IssueKind(
        "chain-differs",
        Severity.INFORMATION,
        "The hospital does not hold the same records as this box (%(detail)s). All of them "
        "are sent again.",
    ),
    IssueKind(
        "identity-doubled",
        Severity.ERROR,
        "Another box uses this box's identity, so the hospital has stopped both. Readings "
        "are safe here. Call the technician to enrol this box anew.",
    ),
    IssueKind(
        "shut-out",
        Severity.ERROR,
        "The hospital has shut this box out. Readings stay here. Call the technician.",
    ),
    IssueKind(
        "record-unsendable",
        Severity.ERROR,
        "Some records (%(detail)s) cannot be sent as they are. They are kept here. Call the "
        "technician.",
    ),
    IssueKind(
        "records-damaged",
        Severity.ERROR,
        "Records on the disk are damaged (%(detail)s). Call the technician.",
    ),
    IssueKind(
        "records-missing",
        Severity.ERROR,
        "Records that this box had accepted are no longer on its disk (at least %(detail)s). "
        "Call the technician.",
    ),
    IssueKind(
        "mark-missing",
        Severity.ERROR,
        "The file that shows whether records are missing (%(detail)s) is gone or damaged, so "
        "nobody can tell. Call the technician.",
    ),
    IssueKind(
        "clock-unset",
        Severity.WARNING,
        "The box does not know the date. Please sign in and confirm it.",
    ),
    IssueKind(
        "disk-low",
        Severity.WARNING,
        "The disk is nearly full (%(detail)s left). Call the technician.",
    ),
    IssueKind(
        "disk-full",
        Severity.ERROR,
        "The disk is full. New readings cannot be kept. Call the technician.",
    ),
    IssueKind(
        "disk-fault",
        Severity.ERROR,
        "The memory card of the box answers with errors. New readings may not be kept."
        " Call the technician: the card must be replaced.",
    ),
    IssueKind(
        "rule-failed",
        Severity.ERROR,
        "The rule %(subject)s (version %(detail)s) has failed and judges nothing. Readings are "
        "kept. Judge them yourself, and call the technician.",
    ),
    IssueKind(
        "rule-refused",
        Severity.ERROR,
        "The table of the rule %(subject)s cannot be used (%(detail)s). The last good version"
        " stays in use. Call the technician.",
    ),
    IssueKind(
        "not-enrolled",
        Severity.INFORMATION,
        "This box is not enrolled with a hospital yet. Readings stay here.",
    ),
    IssueKind(
        "fridge-warm",
        Severity.ERROR,
        "The refrigerator %(subject)s is too warm for vaccines (%(detail)s). Keep its door closed, "
        "do not use the vaccines, and do what stands on its page.",
    ),
    IssueKind(
        "fridge-cold",
        Severity.ERROR,
        "The refrigerator %(subject)s is too cold for vaccines (%(detail)s). They may be frozen: "
        "do not use them, and do what stands on its page.",
    ),
    IssueKind(
        "fridge-unread",
        Severity.WARNING,
        "Nobody has read the temperature of the refrigerator %(subject)s since %(detail)s.",
    ),
    IssueKind(
        "programme-wrong",
        Severity.WARNING,
        "A file of programmes is wrong, and the last good one is used (%(detail)s). Call the "
        "technician.",
    ),
)
"""Everything that can be wrong with a box, one row each."""

BY_NAME = {kind.name: kind for kind in ISSUES}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong, and since when by the box's wall clock."""

    kind: str
    subject: str
    detail: str
    since_ms: int

    def sentence(self) -> str:
        """Return the plain English sentence."""
        return BY_NAME[self.kind].sentence % {"subject": self.subject, "detail": self.detail}

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return BY_NAME[self.kind].severity


def note(store: Store, now: Stamp, kind: str, subject: str = "", detail: str = "") -> None:
    """Say that something is wrong (again); `since` stays at the first time."""
    if kind not in BY_NAME:
        raise LookupError(f"no sentence for the issue {kind!r}")
    row = store.row("SELECT detail FROM condition WHERE kind = ? AND subject = ?", (kind, subject))
    if row is not None and row["detail"] == detail:
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


def current(store: Store) -> list[Issue]:
    """Return everything that is wrong, oldest first."""
    rows = store.rows("SELECT * FROM condition ORDER BY since_ms, kind, subject")
    return [Issue(r["kind"], r["subject"], r["detail"], r["since_ms"]) for r in rows]
