"""What the decoding benchmark times and judges. No imports from any library: both sides use it."""

from __future__ import annotations

CLINICAL: dict[str, tuple[str, ...]] = {
    "2A35": ("systolic", "diastolic", "map", "pulse"),
    "2A1C": ("temperature",),
    "2A37": ("bpm",),
    "2A5E": ("spo2", "pulse"),
    "2A5F": ("spo2", "pulse"),
    "2A9D": ("weight",),
    "2A9C": ("body_fat_pct", "weight"),
    "2A18": ("glucose",),
    "2A19": ("percent",),
}
"""The numbers that a patient's record would be made of, by the names of the vectors."""

BLE_CASES: dict[str, str] = {
    "2A35": "1e7c0050005d00ea070b16081e004800010000",
    "2A1C": "066c0100ffea070b16081e0001",
    "2A37": "1648f703",
    "2A5E": "0f61004800ea070b16081e0080012000000cf0",
    "2A5F": "0061004800",
    "2A9D": "00983a",
    "2A9C": "1e06f500ea070b16081e000100198d01fc12983a",
    "2A18": "030100ea070b16081e00000078b011",
}

STREAM = "cms50_5byte"
STREAM_FRAME = "8735054862"
STREAM_FRAMES = 60
"""One second of a finger oximeter, in reads of 25 bytes."""

STREAM_READ = 25

ANALYSER = "astm_e1381"
ANALYSER_RECORDS = (
    "H|\\^&|||HB201|||||||P|1|20261122081500",
    "P|1",
    "O|1|||^^^HB",
    "R|1|^^^HB|11.8|g/dL||L||F||||20261122081455",
    "L|1|N",
)
"""One result, five records in one frame."""

CASES = (*BLE_CASES, STREAM, ANALYSER)


def stream() -> list[bytes]:
    data = bytes.fromhex(STREAM_FRAME) * STREAM_FRAMES
    return [data[at : at + STREAM_READ] for at in range(0, len(data), STREAM_READ)]


def analyser_frame() -> bytes:
    text = "".join(f"{record}\r" for record in ANALYSER_RECORDS)
    body = b"1" + text.encode("ascii") + b"\x03"
    return b"\x02" + body + b"%02X\r\n" % (sum(body) & 0xFF)
