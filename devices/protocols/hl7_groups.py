"""Which order, patient, specimen and container of an HL7 message each OBX belongs to.

A specimen stands behind its order (ORU^R01, OUL^R24) or before it (OUL^R22, OUL^R23), and not every
device does as its message type says. So the message itself decides: one with a specimen before its
first order is specimen-first. Where that leaves two readings, no specimen is certain: better no
number than another patient's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from devices.protocols.hl7_message import NO_SEGMENT, Message, Segment

_SPECIMEN = frozenset({"SPM", "SAC"})
_SPECIMEN_FIRST = ("OUL^R22", "OUL^R23")


@dataclass(frozen=True, slots=True)
class Group:
    """What an OBX belongs to; `specimens` are several, or not `certain`, where nobody can tell."""

    order: Segment = NO_SEGMENT
    patient: Segment = NO_SEGMENT
    specimens: tuple[Segment, ...] = ()
    containers: tuple[Segment, ...] = ()
    certain: bool = True


@dataclass(slots=True)
class _Chunk:
    """An order and what goes with it."""

    order: Segment = NO_SEGMENT
    patient: Segment = NO_SEGMENT
    specimens: list[Segment] = field(default_factory=list)
    containers: list[Segment] = field(default_factory=list)
    rows: list[Segment] = field(default_factory=list)


def observations(message: Message) -> Iterator[tuple[Segment, Group]]:
    """Yield every OBX with its group."""
    blocks = _patients(message.segments)
    specimen_first = any(_first(block) in _SPECIMEN for block in blocks)
    certain = _is_certain(message, blocks, specimen_first)
    for block in blocks:
        chunks = _specimen_first(block) if specimen_first else _order_first(block)
        for chunk in chunks:
            yield from _grouped(message, chunk, certain)


def _grouped(message: Message, chunk: _Chunk, certain: bool) -> Iterator[tuple[Segment, Group]]:
    specimens, containers = tuple(chunk.specimens), tuple(chunk.containers)
    if not certain:
        specimens = tuple(row for row in message.segments if row.name == "SPM")
        containers = ()
    group = Group(chunk.order, chunk.patient, specimens, containers, certain)
    return ((row, group) for row in chunk.rows)


def _patients(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Part the message before each patient; what came before the first order stays with it."""
    blocks: list[list[Segment]] = [[]]
    for segment in segments:
        if segment.name == "PID" and any(row.name in ("OBR", "OBX") for row in blocks[-1]):
            blocks.append([])
        blocks[-1].append(segment)
    return blocks


def _first(block: Sequence[Segment]) -> str:
    names = (row.name for row in block if row.name in _SPECIMEN or row.name == "OBR")
    return next(names, "")


def _is_certain(message: Message, blocks: list[list[Segment]], specimen_first: bool) -> bool:
    """Whether each specimen can have one place only."""
    for block in blocks:
        names = [row.name for row in block if row.name in ("SPM", "OBR")]
        if "SPM" not in names:
            continue
        if specimen_first:
            pairs = zip(names, [*names[1:], "SPM"], strict=True)
            if names[0] != "SPM" or ("SPM", "SPM") in pairs:
                return False
        elif message.type.startswith(_SPECIMEN_FIRST) and "OBR" in names[names.index("SPM") :]:
            return False
    return True


def _order_first(block: Sequence[Segment]) -> Iterator[_Chunk]:
    """A specimen and a container belong to the order before them."""
    chunk = _Chunk()
    for segment in block:
        if segment.name == "OBR":
            yield chunk
            chunk = _Chunk(segment, chunk.patient)
        _take(chunk, segment)
    yield chunk


def _specimen_first(block: Sequence[Segment]) -> Iterator[_Chunk]:
    """A specimen holds for the orders behind it, a container too until the next one."""
    chunk = _Chunk()
    for segment in block:
        if segment.name == "SPM":
            yield chunk
            chunk = _Chunk(patient=chunk.patient)
        elif segment.name == "SAC":
            yield chunk
            chunk = _Chunk(patient=chunk.patient, specimens=chunk.specimens)
        elif segment.name == "OBR":
            yield chunk
            chunk = _Chunk(segment, chunk.patient, chunk.specimens, chunk.containers)
        _take(chunk, segment)
    yield chunk


def _take(chunk: _Chunk, segment: Segment) -> None:
    if segment.name == "PID":
        chunk.patient = segment
    elif segment.name == "SPM":
        chunk.specimens = [*chunk.specimens, segment]
    elif segment.name == "SAC":
        chunk.containers = [*chunk.containers, segment]
    elif segment.name == "OBX":
        chunk.rows.append(segment)
