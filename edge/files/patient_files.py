"""The photos and recordings of a patient: listed for people, and deleted once they are safe.

A file leaves this disk only when it is safe: the hospital confirmed all of it, and its
backup covers a record that was made here after that. The hospital's archive is one, so a backup
with the later record has the earlier file. Its manifest stays in the journal as any record does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.files import attachments
from edge.model.clock import PlacedStamp, place
from edge.model.entry import Entry
from edge.store import outbox
from edge.store.journal import LANES
from edge.store.store import Row, Store

STRAY_S = 86_400
"""A file is on the disk a moment before its row; what has none after so long never gets one."""

_COLUMNS = "SELECT f.*, j.record FROM file f JOIN journal j ON j.id = f.entry"


class State(StrEnum):
    """How far a file is on its way."""

    WAITING = "waiting"
    SENDING = "sending"
    HELD = "held"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a patient; `percent` of it is held by the hospital, `preview` names its preview."""

    id: str
    patient: str
    visit: str | None
    mime: str
    size: int
    placed: PlacedStamp
    actor: str | None
    state: State
    percent: int
    preview: str | None = None
    is_preview: bool = False


def of_patient(store: Store, patient_id: str) -> list[KeptFile]:
    """Return a patient's files, newest first, each with its preview."""
    rows = store.rows(
        f"{_COLUMNS} WHERE f.patient_id = ? ORDER BY f.entry DESC",
        (patient_id,),
    )
    safe = safe_entry(store)
    previews = {_body(r).get("preview_of"): r["id"] for r in rows if r["preview"]}
    return [_patient_file(store, r, safe, previews.get(r["id"])) for r in rows if not r["preview"]]


def get(store: Store, patient_id: str, file_id: str) -> KeptFile | None:
    """Return one file or preview of a patient, None when there is none."""
    row = store.row(f"{_COLUMNS} WHERE f.id = ?", (file_id,))
    if row is None or row["patient_id"] != patient_id:
        return None
    return _patient_file(store, row, safe_entry(store), None)


def safe_entry(store: Store) -> int:
    """Return the last journal entry that the hospital's backup covers, 0 when it covers none."""
    found = 0
    for lane in LANES:
        stream = outbox.state(store, lane)
        if not stream.safe:
            continue
        covered = store.scalar(
            "SELECT max(entry) FROM outbox WHERE lane = ? AND epoch = ? AND seq <= ?",
            (lane.value, stream.epoch, min(stream.safe, stream.cum)),
        )
        found = max(found, covered)
    return found


def note_held(store: Store) -> None:
    """Remember for files that the hospital holds by now which entry was the last one before."""
    odd = "(done = 1 AND held_entry IS NULL) OR (done = 0 AND held_entry IS NOT NULL)"
    if store.row(f"SELECT 1 FROM file WHERE {odd}") is None:
        return
    with store.transaction():
        last = store.scalar("SELECT max(id) FROM journal")
        store.execute(
            f"UPDATE file SET held_entry = CASE done WHEN 1 THEN ? END WHERE {odd}", (last,)
        )


def forget_old(store: Store, home: Path, before_ms: int) -> int:
    """Delete safe files that were made before a moment (Unix ms); return how many."""
    rows = store.rows(
        "SELECT f.id FROM file f JOIN journal j ON j.id = f.entry WHERE f.done = 1"
        " AND f.held_entry < ? AND json_extract(j.record, '$.at[2]') < ?",
        (safe_entry(store), before_ms),
    )
    for row in rows:
        # The row first: a file without a row is swept up, a row without its file misleads.
        with store.transaction():
            store.execute("DELETE FROM file WHERE id = ?", (row["id"],))
        attachments.path(home, row["id"]).unlink(missing_ok=True)
    return len(rows)


def sweep(store: Store, home: Path, now_s: float) -> int:
    """Remove what a power cut left without a row, a day later; return how many files that were."""
    folder, gone = home / attachments.FOLDER, 0
    for found in folder.iterdir() if folder.exists() else ():
        stray = store.row("SELECT 1 FROM file WHERE id = ?", (found.name,)) is None
        if stray and found.stat().st_mtime < now_s - STRAY_S:
            found.unlink(missing_ok=True)
            gone += 1
    return gone


def _patient_file(store: Store, row: Row, safe: int, preview: str | None) -> KeptFile:
    entry = Entry.parse(row["record"].encode("utf-8"))
    body = entry.body
    chunks = sum(byte.bit_count() for byte in bytes(row["have"]))
    return KeptFile(
        id=row["id"],
        patient=row["patient_id"] or "",
        visit=row["visit_id"],
        mime=str(body.get("mime", "")),
        size=row["size"],
        placed=place(entry.at, store.anchors(entry.at.boot)),
        actor=entry.actor,
        state=_state(row, chunks, safe),
        percent=100 * chunks // row["total"],
        preview=preview,
        is_preview=bool(row["preview"]),
    )


def _state(row: Row, chunks: int, safe: int) -> State:
    if row["done"]:
        covered = row["held_entry"] is not None and row["held_entry"] < safe
        return State.SAFE if covered else State.HELD
    return State.SENDING if chunks else State.WAITING


def _body(row: Row) -> dict[str, object]:
    body = json.loads(row["record"])["body"]
    return body if isinstance(body, dict) else {}
