"""The hospital's ledger: what it holds of each stream, to compare with the box's own."""

from __future__ import annotations

from dataclasses import dataclass

from hospital.archive import Archive, scalar
from hospital.archive.errors import NotFound
from hospital.fleet.boxes import get


@dataclass(frozen=True, slots=True)
class StreamLine:
    """One stream: sequences 1 to `last` held, the chain after them, what the box reported.

    `records` counts those that came here first; a box that started a new epoch sends again what
    an earlier epoch had brought. `unread` of them are kept as sealed bytes that nobody could read.
    """

    epoch: int
    lane: str
    last: int
    chain: str
    safe: int
    told: int
    records: int
    unread: int
    current: bool

    def sentence(self) -> str:
        """Return what is held, in the words that the box uses."""
        if self.last == 0:
            return f"no records held, chain {self.chain}"
        return f"records 1…{self.last:,} held, chain {self.chain}"


def of(archive: Archive, box_id: str) -> list[StreamLine]:
    """Return the streams of a box, the current epoch first; raises `HospitalError`."""
    box = get(archive, box_id)
    if box is None:
        raise NotFound(f"no box {box_id}")
    rows = archive.rows("SELECT * FROM stream WHERE box = ? ORDER BY epoch DESC, lane", (box_id,))
    lines = []
    for r in rows:
        place = (box_id, r["epoch"], r["lane"])
        lines.append(
            StreamLine(
                epoch=r["epoch"],
                lane=r["lane"],
                last=r["cum"],
                chain=bytes(r["chain"]).hex(),
                safe=r["safe"],
                told=r["told"],
                records=scalar(archive, _COUNT.format("record", ""), place),
                unread=scalar(archive, _COUNT.format("raw_frame", " AND unread = 1"), place),
                current=r["epoch"] == box.epoch,
            )
        )
    return lines


_COUNT = "SELECT count(*) AS n FROM {} WHERE box = ? AND epoch = ? AND lane = ?{}"
