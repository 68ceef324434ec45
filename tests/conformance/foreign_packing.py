"""Packed payloads for a box that is not Healthpost's: few bytes instead of plain JSON.

Written from docs/packing.md alone; "section" means a section of that page. A box can do without.
The vocabulary and the zstd dictionary are read from the page and from the file beside it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard
from foreign_bytes import SCHEMA_PACKED, canonical, encode

DOCS = Path(__file__).parents[2] / "docs"
MAX_INFLATED = 65_536
TEXT, INTEGER, UUID, LOCAL_TIME, STAMP, DECIMAL = 0, 1, 2, 3, 4, 8
Scalar = tuple[int, Any]  # kind, and the number or the text that becomes a number


def _rows(title: str) -> list[str]:
    """Return the rows of the first block after this title, without the number that begins them."""
    block = (DOCS / "packing.md").read_text().split(title, 1)[1].split("```")[1]
    return [re.sub(r"^ *\d+  ", "", row) for row in block.strip("\n").splitlines()]


def _words(title: str) -> list[str]:
    rows = "  ".join(_rows(title))
    return [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', rows)]


KEYS, WORDS = _words("## 7. The vocabulary"), _words("\nWords (in quotes")
SINGLE_ALERTS = _rows(" The templates, ")
DICTIONARY = zstandard.ZstdCompressionDict(
    (DOCS / "cs1" / "zstd-dictionary-1.bin").read_bytes(), dict_type=zstandard.DICT_TYPE_RAWCONTENT
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DECIMAL = re.compile(r"(?!-0(\.0*)?$)-?(0|[1-9]\d*)(\.(\d{1,6}))?", re.ASCII)


# Section 2: zstd.


def deflate(cbor: bytes) -> bytes:
    """Return a payload of this CBOR: deflated, or as it is when that is no longer."""
    parameters = zstandard.ZstdCompressionParameters.from_level(
        9, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True, write_dict_id=False
    )
    packer = zstandard.ZstdCompressor(dict_data=DICTIONARY, compression_params=parameters)
    deflated = packer.compress(cbor)
    return b"\1" + deflated if len(deflated) < len(cbor) else b"\0" + cbor


def inflate(payload: bytes) -> bytes:
    """Return the CBOR of a payload with the first byte 00 or 01."""
    if payload[0] == 0:
        return payload[1:]
    frame = b"\x28\xb5\x2f\xfd" + payload[1:]
    if not 0 <= zstandard.frame_content_size(frame) <= MAX_INFLATED:
        raise ValueError("no size, or too large")
    return zstandard.ZstdDecompressor(dict_data=DICTIONARY).decompress(frame)


# Section 3: templates and scalars.


def template_of(value: Any, scalars: list[Scalar], depth: int = 0) -> Any:
    """Return the template of a JSON value, and append its scalars to the list."""
    if value is None or value is True or value is False:
        return {None: -1, True: -2, False: -3}[value]
    if isinstance(value, list):
        return [0, *(template_of(item, scalars, depth + 1) for item in value)]
    if isinstance(value, dict):
        pairs: list[Any] = [1]
        for key in sorted(value):
            pairs.append(KEYS.index(key) if key in KEYS else key)
            is_stamp = depth == 0 and key == "at"
            pairs.append(STAMP if is_stamp else template_of(value[key], scalars, depth + 1))
        return pairs
    if value in WORDS:
        return -4 - WORDS.index(value)
    scalars.append(scalar_of(value))
    return scalars[-1][0]


def scalar_of(value: int | str) -> Scalar:
    if isinstance(value, int):
        return INTEGER, value
    decimal = _DECIMAL.fullmatch(value)
    if decimal and len(value) <= 15:
        return DECIMAL + len(decimal[4] or ""), int(value.replace(".", ""))
    seconds = seconds_of(value)
    if seconds is not None:
        return LOCAL_TIME, seconds
    return (UUID if _UUID.fullmatch(value) else TEXT), value


def seconds_of(text: str) -> int | None:
    """Return the seconds of a local time as section 3 counts them, or None when it is none."""
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - it has no zone
    except ValueError:
        return None
    if at.isoformat() != text:
        return None
    return ((at.toordinal() * 24 + at.hour) * 60 + at.minute) * 60 + at.second


# Section 5: varint columns.


def varint(value: int) -> bytes:
    rest = 2 * value if value >= 0 else -2 * value - 1
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def column(values: list[int]) -> bytes:
    if len(values) < 2:
        return b"".join(map(varint, values))
    if len(set(values)) == 1:
        return b"\0" + varint(values[0])
    steps = [now - before for before, now in zip(values, values[1:], strict=False)]
    if len(set(steps)) <= len(set(values)):
        return b"\2" + varint(values[0]) + b"".join(map(varint, steps))
    return b"\1" + b"".join(map(varint, values))


# Section 4: the batch.


class Batch:
    """Packs records, each with a time stamp and in canonical form, as Box.record makes them."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.templates: list[Any] = []
        self.texts: list[str] = []
        self.uuids: list[str] = []
        self.stamps: list[list[int]] = [[], [], [], []]
        self.columns: list[list[list[int]]] = []  # by template, by scalar, by record

    def add(self, record: bytes) -> None:
        value = json.loads(record)
        scalars: list[Scalar] = []
        template = template_of(value, scalars)
        if template not in self.templates:
            self.templates.append(template)
            self.columns.append([[] for _ in scalars])
        number = self.templates.index(template)
        self.rows.append(number + 1)
        boot, t_ms, wall_ms, quality = value["at"]
        for cells, cell in zip(self.stamps, (boot, t_ms, wall_ms - t_ms), strict=False):
            cells.append(cell)
        self.stamps[3].append(self._word(quality))
        for cells, scalar in zip(self.columns[number], scalars, strict=True):
            cells.append(self._number(scalar, wall_ms))

    def cbor(self) -> bytes:
        columns = [*self.stamps, *(cells for one in self.columns for cells in one)]
        return encode(
            [
                1,
                len(self.rows),
                column(self.rows),
                self.templates,
                self.texts,
                mixed(self.uuids),
                [],
                b"".join(map(column, columns)),
            ]
        )

    def _number(self, scalar: Scalar, wall_ms: int) -> int:
        kind, value = scalar
        if kind == TEXT:
            return _place(value, self.texts)
        if kind == UUID:
            return _place(value, self.uuids)
        return int(value) - (wall_ms // 1000 if kind == LOCAL_TIME else 0)

    def _word(self, text: str) -> int:
        return -1 - WORDS.index(text) if text in WORDS else _place(text, self.texts)


def _place(item: str, table: list[str]) -> int:
    if item not in table:
        table.append(item)
    return table.index(item)


def mixed(uuids: list[str]) -> bytes:
    """Return the table of UUIDs: byte 0 of all, then byte 1 of all, and so on."""
    table = [bytes.fromhex(one.replace("-", "")) for one in uuids]
    return bytes(cell for cells in zip(*table, strict=True) for cell in cells)


# Section 6: a single alert.


def shape_of(value: Any) -> Any:
    """Return a JSON value with the text ‹kind› in place of every scalar."""
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    if isinstance(value, dict):
        return {key: "‹4›" if key == "at" else shape_of(one) for key, one in value.items()}
    if value is None or isinstance(value, bool) or value in WORDS:
        return value
    return f"‹{scalar_of(value)[0]}›"


def single_alert(record: bytes) -> bytes | None:
    """Return the payload of one alert, or None when it fits no template that is known."""
    alert = json.loads(record)
    shape = re.sub('"(‹\\d+›)"', r"\1", canonical(shape_of(alert)).decode())
    boot, t_ms, wall_ms, quality = alert["at"]
    if shape not in SINGLE_ALERTS or quality not in WORDS:
        return None
    body = alert["body"]
    uuids = mixed([body["patient"], body["reading"]])
    bound, number = scalar_of(body["bound"])[1], scalar_of(body["value"][1])[1]
    cells = [boot, t_ms, wall_ms - t_ms, -1 - WORDS.index(quality), bound, 0, 1, number]
    return bytes([2, SINGLE_ALERTS.index(shape)]) + uuids + b"".join(map(varint, cells))


def pack(records: list[bytes]) -> tuple[int, bytes]:
    """Return schema and payload of records in the form with the fewest bytes."""
    if len(records) == 1 and (payload := single_alert(records[0])):
        return SCHEMA_PACKED, payload
    batch = Batch()
    for record in records:
        batch.add(record)
    return SCHEMA_PACKED, deflate(batch.cbor())
