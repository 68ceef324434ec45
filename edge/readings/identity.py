"""Identity of a measurement: a new one, an earlier one sent again, or perhaps the same. Pure.

A device's counter or clock is no identity: counters restart, clocks fall back or stand, and two
people have equal values. So a measurement counts as sent again only on proof:

    the same message of an analyser, again within minutes
    the same bytes again in the same connection, within seconds, unless the stamp is wrong
    the same record of a memory whose numbering went on since
    the same stamp of a device that sends again what it holds, whose clock was read and seen to run

What looks the same without a proof is kept and marked "perhaps the same", for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from edge.equipment.device_clock import ClockRun, elapsed
from edge.model.clock import Stamp
from edge.model.reading import MESSAGE_AGAIN_S, Reading, Repeats

AT_ONCE_S = 5.0
"""The same bytes so soon in one connection are one measurement: no act of measuring is shorter."""

SEEN_TO_RUN_S = 2.0
"""Clocks show whole seconds: over less time none can be seen to run."""

RIGHT = timedelta(days=1)
"""So near to the box's own time a stamp is right, whatever the zone."""

_GROWING_BYTES = 5
_MINUTE = timedelta(minutes=1)


class Likeness(StrEnum):
    """What a measurement is to those that are held."""

    NEW = "new"
    REPEATED = "repeated"
    PERHAPS = "perhaps"


@dataclass(frozen=True, slots=True)
class Transmission:
    """How a measurement came. `clock_run` is None unless the device's clock was known to run then.

    `connected` is the opening of the connection, None for what the device did not send by itself;
    `numbering` as in `edge.equipment.device_memory.Memory`.
    """

    at: Stamp
    connected: Stamp | None
    repeats: Repeats
    stamp: datetime | None
    raw: bytes = b""
    message: str = ""
    clock_run: int | None = None
    numbering: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a measurement is, and the entry of the earlier one where there is one."""

    likeness: Likeness
    entry: int | None = None


def key_of(reading: Reading) -> bytes | None:
    """Return what two readings share that may be one: device, number, stamp and values.

    None for a reading that cannot be told from any other: it is an act of its own. A digest, for
    it is kept twice: in the row, and in the index. It begins with the time or the number, which
    grow: what comes together is stored together in the index, and a commit of many readings
    writes few of its pages.
    """
    measured = reading.measured
    named = measured.device_time is not None or measured.record is not None or measured.message
    an_act = reading.sent is not None and reading.sent.repeats is Repeats.ACT
    if reading.device_id is None or an_act or not named:
        return None
    values = ",".join(f"{v.code}={v.comparator}{v.value}" for v in measured.values)
    values += "".join(f",{v.code}={v.word}" for v in measured.coded)
    time = measured.device_time.isoformat() if measured.device_time else ""
    text = f"{reading.device_id}|{measured.record or ''}|{time}|{values}"
    if not time and measured.record is None:
        text = f"{text}|{measured.message}"
    grows = _seconds(measured.device_time) if measured.device_time else _number(measured.record)
    digest = blake2b(text.encode("utf-8"), digest_size=12).digest()
    return grows.to_bytes(_GROWING_BYTES, "big") + digest


def judge(
    new: Transmission, held: Iterable[tuple[int, Transmission]], clock: ClockRun | None
) -> Verdict:
    """Judge a measurement by those that share its key, with their entries, oldest first.

    `clock` is the run that the device's clock is in.
    """
    last = None
    for entry, earlier in held:
        if _proven(new, earlier, clock):
            return Verdict(Likeness.REPEATED, entry)
        last = entry
    return Verdict(Likeness.NEW) if last is None else Verdict(Likeness.PERHAPS, last)


def _proven(new: Transmission, earlier: Transmission, clock: ClockRun | None) -> bool:
    apart_s = elapsed(earlier.at, new.at)
    if new.repeats is Repeats.MESSAGE:
        same = new.message != "" and new.message == earlier.message
        return same and apart_s is not None and 0 <= apart_s <= MESSAGE_AGAIN_S
    if new.repeats in (Repeats.NUMBERED, Repeats.WHOLE):
        return new.numbering == earlier.numbering
    at_once = apart_s is not None and 0 <= apart_s <= AT_ONCE_S
    if _in_one_connection(new, earlier):
        certain = new.repeats is Repeats.NEVER or _stamp_is_right(new)
        return at_once and certain and new.raw == earlier.raw
    return new.repeats is Repeats.HELD and _stamped_once(new, earlier, clock)


def _in_one_connection(new: Transmission, earlier: Transmission) -> bool:
    if new.connected is None or earlier.connected is None:
        return False
    return _moment(new.connected) == _moment(earlier.connected)


def _stamp_is_right(new: Transmission) -> bool:
    """Whether a stamp is of about now: a clock that fell back may stamp two people alike."""
    if new.stamp is None:
        return True
    return abs(new.stamp - new.at.wall.astimezone().replace(tzinfo=None)) <= RIGHT


def _stamped_once(new: Transmission, earlier: Transmission, clock: ClockRun | None) -> bool:
    """Whether the clock went on since the earlier one: what is made later bears a later stamp."""
    if clock is None or new.stamp is None or new.connected is None:
        return False
    if not earlier.clock_run == new.clock_run == clock.number:
        return False
    read_now = clock.seen.boot == new.connected.boot and clock.seen.t_ms >= new.connected.t_ms
    since_s = elapsed(earlier.at, clock.seen)
    return (
        read_now
        and since_s is not None
        and since_s >= SEEN_TO_RUN_S
        and not _same_minute(new.stamp, clock.at(earlier.at))
    )


def _same_minute(stamp: datetime, shown: datetime | None) -> bool:
    """Whether a stamp that may tell only its minute leaves room for another act after the first."""
    return stamp.second == 0 and shown is not None and shown - stamp < _MINUTE


def _moment(stamp: Stamp) -> tuple[int, int]:
    return stamp.boot, stamp.t_ms


def _seconds(time: datetime) -> int:
    return ((time.toordinal() * 24 + time.hour) * 60 + time.minute) * 60 + time.second


def _number(record: str | None) -> int:
    """Return a record's number as far as it has one that fits; the digest covers the rest."""
    is_number = record is not None and record.isascii() and record.isdigit() and len(record) < 12
    return int(record or 0) if is_number else 0
