"""Tables as CSV (RFC 4180), safe to open in a spreadsheet.

Lines end with CR LF and cells are quoted where needed. A text that a spreadsheet would take for a
formula gets an apostrophe in front (OWASP, CSV injection); numbers stay as they are. The file
begins with a byte order mark, because without it Excel shows Urdu and Chinese as nonsense;
`bom=False` leaves it out for programs that take it for a part of the first name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

BOM: Final = b"\xef\xbb\xbf"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | None


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = True) -> bytes:
    """Return a table as the bytes of a CSV file; an empty cell is None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in header])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return (BOM if bom else b"") + text.getvalue().encode("utf-8")


def _safe(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    plain = cell.replace("\x00", "")
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
