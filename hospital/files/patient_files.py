"""Photos and recordings of a patient as the desk shows them: first previews, later whole files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.model import file_type
from hospital.archive import Archive, Row, row
from hospital.files.attachments import content


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of a patient. `preview` is the id of a preview that is here, `here` whether all of it
    is; `percent` of it has come."""

    box: str
    id: str
    clinic: str
    mime: str
    size: int
    told_ms: int
    here: bool
    percent: int
    preview: str | None

    @property
    def is_photo(self) -> bool:
        """Whether it is a photo, not a recording."""
        return file_type.is_photo(self.mime)


def of_person(archive: Archive, patient_ids: Sequence[str]) -> list[Picture]:
    """Return a person's files under whichever records, the newest first."""
    return _listed(archive, patient_ids, 0)


def withheld_of(archive: Archive, patient_ids: Sequence[str]) -> list[Picture]:
    """Return the files that clinics sent which do not know the person, the newest first."""
    return _listed(archive, patient_ids, 1)


def _listed(archive: Archive, patient_ids: Sequence[str], withheld: int) -> list[Picture]:
    marks = ", ".join("?" * len(patient_ids))
    rows = archive.rows(
        "SELECT f.*, p.id AS preview FROM file f LEFT JOIN file p"
        " ON p.box = f.box AND p.preview_of = f.id AND p.done_ms IS NOT NULL"
        f" WHERE f.patient IN ({marks}) AND f.preview_of IS NULL AND f.withheld = ?"
        " ORDER BY f.told_ms DESC, f.id DESC",
        (*patient_ids, withheld),
    )
    return [_picture(r) for r in rows if r["mime"] in file_type.KINDS]


def whole(
    archive: Archive, patient_ids: Sequence[str], box_id: str, file_id: str
) -> tuple[bytes, str] | None:
    """Return a person's file or preview and its media type, None while it is not whole.

    What it says it is must be what its first bytes say: a box may be anybody's by now.
    """
    manifest = row(
        archive,
        "SELECT patient, mime FROM file WHERE box = ? AND id = ? AND done_ms IS NOT NULL",
        (box_id, file_id),
    )
    if manifest is None or manifest["patient"] not in patient_ids:
        return None
    data = content(archive, box_id, file_id)
    if data is None or file_type.kind_of(data) != manifest["mime"]:
        return None
    return data, manifest["mime"]


def _picture(r: Row) -> Picture:
    have = sum(byte.bit_count() for byte in bytes(r["have"]))
    return Picture(
        *(r["box"], r["id"], r["clinic"], r["mime"], r["size"], r["told_ms"]),
        here=r["done_ms"] is not None,
        percent=100 * have // r["total"],
        preview=r["preview"],
    )
