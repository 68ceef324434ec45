"""Messages of analysers as bytes, and what the product's session makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from devices.catalogue import SERIAL_PROTOCOLS
from devices.catalogue.serial_protocols import session_for
from devices.driver import Event, Turn
from devices.protocols.framing import sum8
from devices.protocols.laboratory import Site, Test
from edge.model.reading import Measurement

HEAD = r"H|\^&|||XN-550|||||||P|E1394-97|20260101120000"
MSH = r"MSH|^~\&|Mindray|BC-5000|||20260911093000||ORU^R01|1|P|2.3.1||||||UNICODE"
OBR = "OBR|1||S-101|00001^Automated Count^99MRC||20260911090000|20260911092500"
TESTS = {"718-7": Test("718-7", "g/dL")}
NOON = datetime.fromisoformat("2026-11-30T12:00:00")


def astm(*records: str, encoding: str = "utf-8") -> bytes:
    """Return a message, a frame for each record."""
    frames = []
    for number, record in enumerate(records, 1):
        body = f"{number % 8}".encode() + record.encode(encoding) + b"\r\x03"
        frames.append(b"\x02" + body + b"%02X\r\n" % sum8(body))
    return b"\x05" + b"".join(frames) + b"\x04"


def hl7(*segments: str, encoding: str = "utf-8", ends: str = "\r") -> bytes:
    """Return a framed message."""
    return b"\x0b" + "".join(f"{row}{ends}" for row in segments).encode(encoding) + b"\x1c\r"


def obx(value: str, kind: str = "NM", unit: str = "g/dL", status: str = "F") -> str:
    """Return an observation of haemoglobin."""
    return f"OBX|1|{kind}|718-7^HGB^LN||{value}|{unit}|||||{status}|||"


def result(value: str, unit: str = "g/dL", status: str = "F") -> str:
    """Return a result of haemoglobin."""
    return f"R|1|^^^718-7|{value}|{unit}||||{status}||||20260101115900"


def turns(wire: bytes, site: Site | Mapping[str, Test] = TESTS, protocol: str = "") -> list[Turn]:
    """Return what the session makes of the bytes, event by event."""
    name = protocol or ("hl7_mllp" if wire.startswith(b"\x0b") else "astm_e1381")
    whole = site if isinstance(site, Site) else Site(site)
    session = session_for(name, whole, lambda: NOON)
    assert session is not None
    events: list[Event] = SERIAL_PROTOCOLS[name].decoder().feed(wire)
    return [session.start(0), *(session.on_event(event, 0) for event in events)]


def measured(found: list[Turn]) -> list[Measurement]:
    """Return the readings."""
    return [each for turn in found for each in turn.measured]


def controls(found: list[Turn]) -> list[Measurement]:
    """Return what was told to be of control material."""
    return [each for turn in found for each in turn.controls]


def refused(found: list[Turn]) -> list[str]:
    """Return why results became no readings."""
    return [each.kind for turn in found for each in turn.refused]


def said(found: list[Turn]) -> list[str]:
    """Return the readings as texts: "<=0.5 g/dL", or a word."""
    return [
        text
        for each in measured(found)
        for text in (
            *(f"{v.comparator}{v.value} {v.unit}".strip() for v in each.values),
            *(v.word for v in each.coded),
        )
    ]


def answer(found: list[Turn]) -> dict[str, list[str]]:
    """Return the last answer's segments by name, MSH-n at n-1 and all others at n."""
    sent = [turn.write for turn in found if turn.write][-1]
    assert sent.startswith(b"\x0b")
    assert sent.endswith(b"\r\x1c\r")
    rows = sent[1:-3].decode("utf-8").split("\r")
    return {row[:3]: row.split("|") for row in rows}
