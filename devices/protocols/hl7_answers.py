"""What a receiver of HL7 v2 says to a message: taken, unknown here, or nothing found.

The answer mirrors the question: its sender and receiver are exchanged; separators, processing id
(MSH-11), version (MSH-12) and character set (MSH-18) are the question's; time (MSH-7) and control
id (MSH-10) are its own. A query for orders is answered in its own form, with nothing found: this
box holds no orders, and a query is never taken for a result.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.protocols import character_sets
from devices.protocols.hl7_message import RESULT_MESSAGES, Message

START, END = b"\x0b", b"\x1c\r"

_LONGEST_ID = 20
_FIELDS = 18
_NOTHING_FOUND = "204"
_NOT_SUPPORTED = "200"
_REQUIRED_MISSING = "100"
"""Error conditions of HL7 table 0357."""

_ACCEPTED_QUIETLY = frozenset({"ACK", "ESU", "SSU", "INU", "NMD"})
"""Acknowledgements, and equipment that tells of its own state."""

_ORDER_QUERIES = {"ORM": ("ORR", "O02"), "OML": ("ORL", ""), "OMG": ("ORG", "O20")}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is the answer's own: its time (yyyyMMddHHmmss) and control id."""

    time: str
    id: str


def answer(message: Message, stamp: Stamp) -> bytes:
    """Return the framed answer; empty to an acknowledgement, which is never answered."""
    kind, _, trigger = message.type.partition("^")
    trigger = trigger.split("^")[0]
    if kind in ("ACK", "MCF"):
        return b""
    if kind in RESULT_MESSAGES or kind in _ACCEPTED_QUIETLY:
        return _framed(message, stamp, ("ACK", trigger or "R01"), ["AA"])
    if kind in _ORDER_QUERIES:
        reply, number = _ORDER_QUERIES[kind]
        found = number or _next_trigger(trigger)
        refusal = ["AR", "Record not found", "", "", _NOTHING_FOUND]
        return _framed(message, stamp, (reply, found), refusal)
    if kind in ("QRY", "QBP", "QSX", "QVR"):
        return _query(message, stamp, kind, trigger)
    refusal = ["AR", "Message type not supported", "", "", _NOT_SUPPORTED]
    return _framed(message, stamp, ("ACK", trigger), refusal)


def no_result(message: Message, stamp: Stamp) -> bytes:
    """Return the refusal of a message of results in which there is none."""
    trigger = message.type.partition("^")[2].split("^")[0] or "R01"
    refusal = ["AR", "No result found", "", "", _REQUIRED_MISSING]
    return _framed(message, stamp, ("ACK", trigger), refusal)


def malformed(stamp: Stamp) -> bytes:
    """Return the refusal of something that is no message, so that the sender learns of it."""
    text = f"MSH|^~\\&|||||{stamp.time}||ACK|{stamp.id}|P|2.3\rMSA|AR|\r"
    return START + text.encode("ascii") + END


def _query(message: Message, stamp: Stamp, kind: str, trigger: str) -> bytes:
    """Answer a query in its own form: no data found."""
    separator = message.signs[0]
    if kind == "QRY":
        extra = [separator.join(("QAK", "SR", "NF"))]
        reply = ("QCK", trigger or "Q02")
    else:
        asked = next((s for s in message.segments if s.name == "QPD"), None)
        tag = asked.of(2) if asked else ""
        extra = [separator.join(("QAK", tag, "NF"))]
        extra += [separator.join(asked.fields)] if asked else []
        reply = ("RSP", f"K{trigger[1:]}" if trigger.startswith("Q") else trigger)
    return _framed(message, stamp, reply, ["AA"], extra)


def _next_trigger(trigger: str) -> str:
    """An order O21 is answered by O22, and so on."""
    number = trigger[1:]
    return f"O{int(number) + 1:02d}" if number.isdigit() else trigger


def _framed(
    message: Message,
    stamp: Stamp,
    kind: tuple[str, str],
    code: list[str],
    extra: list[str] | None = None,
) -> bytes:
    separator, component = message.signs[0], message.signs[1]
    asked = message.head.of
    structured = message.type.count("^") > 1
    names = [*kind, "ACK" if kind[0] == "ACK" else "_".join(kind)] if structured else list(kind)
    head = [""] * (_FIELDS + 1)
    head[3], head[4], head[5], head[6] = asked(5), asked(6), asked(3), asked(4)
    head[7], head[10] = stamp.time, stamp.id[:_LONGEST_ID]
    head[9] = component.join(name for name in names if name)
    head[11], head[12], head[18] = asked(11) or "P", asked(12) or "2.3", asked(18)
    first = "MSH" + separator + message.signs[1:].rstrip() + separator
    lines = [(first + separator.join(head[3:])).rstrip(separator)]
    lines.append(separator.join(("MSA", code[0], message.id, *code[1:])).rstrip(separator))
    lines += extra or []
    return START + _encoded("".join(f"{line}\r" for line in lines), asked(18)) + END


def _encoded(text: str, declared: str) -> bytes:
    codec = character_sets.codec_named(declared) or "utf-8"
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return text.encode("utf-8")
