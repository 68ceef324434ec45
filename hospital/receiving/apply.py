"""Store received records, each once by its content id, and apply the facts in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge.model.entry import content_ids
from hospital.archive import Archive
from hospital.archive.errors import RowRefused
from hospital.entries.parse import Understood
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import handlers
from hospital.receiving.handler import Origin

RECORD = ("box", "id", "epoch", "lane", "seq", "kind", "received_ms", "record", "trouble")


def keep(
    archive: Archive,
    box: Box,
    place: tuple[int, str, int],
    records: Sequence[bytes],
    received_ms: int,
) -> int:
    """Insert records from (epoch, lane, sequence) on; return how many were new.

    Inside the caller's transaction. A record that is here already is success: a box that had to
    start a new epoch sends again what it still holds.
    """
    epoch, lane, first_seq = place
    boxes.count_arrival(archive, box.id)
    understood: dict[str, Understood] = {}

    def rows() -> Iterator[tuple[object, ...]]:
        """Read one record after the other, while the database takes in those before."""
        for seq, identity in enumerate(content_ids(box.id, records), start=first_seq):
            if identity not in understood:
                record = records[seq - first_seq]
                understood[identity] = read = handlers.understand(record)
                columns = (read.kind, received_ms, record, read.trouble)
                yield (box.id, identity, epoch, lane, seq, *columns)

    fresh = archive.insert_new("record", RECORD, rows())
    new = [(Origin(box, i, received_ms), read) for i, read in understood.items() if i in fresh]
    _enter(archive, new)
    return len(new)


def _enter(archive: Archive, new: Sequence[tuple[Origin, Understood]]) -> None:
    """Enter the facts of new records: together, or in halves when one of them does not fit."""
    try:
        with archive.attempt():
            refused = handlers.apply(archive, new)
    except RowRefused as error:
        if len(new) > 1:
            half = len(new) // 2
            _enter(archive, new[:half])
            _enter(archive, new[half:])
            return
        refused = {new[0][0].id: str(error)}
    for record, why in refused.items():
        archive.execute(
            "UPDATE record SET trouble = ? WHERE box = ? AND id = ?",
            (_plain(f"not entered: {why}"), new[0][0].box.id, record),
        )


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii").replace("\x00", "")[:200]
