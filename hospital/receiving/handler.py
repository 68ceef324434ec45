"""How the hospital applies one kind of entry: read, entered, and shown on a patient's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from edge.model.clock import Stamp
from edge.model.entry import Entry
from hospital.archive import Archive
from hospital.fleet.boxes import Box
from hospital.patients.master_index import EditOrigin

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record came from, and when it came by the hospital's clock."""

    box: Box
    id: str
    received_ms: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a patient's page: `rows` returns what it lists for the ids of one person.

    The template (of `hospital.desk`) finds them as `rows`; without rows nothing is shown.
    """

    template: str
    rows: Callable[[Archive, Sequence[str]], Sequence[object]]


@dataclass(frozen=True, slots=True)
class Handler(Generic[F]):
    """How a kind is read (None: nothing in it is entered), entered and shown.

    `apply` runs inside the caller's transaction. It returns why records are refused, by their ids,
    and raises `RowRefused` when an engine does not take one of them.
    """

    read: Callable[[Entry], F | None]
    apply: Callable[[Archive, Sequence[tuple[Origin, F]]], Mapping[str, str]]
    section: Section | None = None


def each(
    enter: Callable[[Archive, Origin, F], None],
) -> Callable[[Archive, Sequence[tuple[Origin, F]]], Mapping[str, str]]:
    """Return a function that enters facts one by one, refusing none by itself."""

    def apply(archive: Archive, facts: Sequence[tuple[Origin, F]]) -> Mapping[str, str]:
        for origin, fact in facts:
            enter(archive, origin, fact)
        return {}

    return apply


def stamp_columns(at: Stamp) -> tuple[int, int, int, str]:
    """Return a stamp as the columns boot, t_ms, wall_ms and quality."""
    return at.boot, at.t_ms, at.wall_ms, str(at.quality)


def edit_origin(origin: Origin) -> EditOrigin:
    """Return where an edit came from."""
    return EditOrigin(origin.id, origin.box, origin.received_ms)
