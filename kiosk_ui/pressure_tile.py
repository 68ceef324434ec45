"""The wide tile of blood pressure: the reading that counts, its parts, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.readings import measured, measuring
from edge.readings.measuring import Advice, Arm, Method, NextStep, PressureReading
from edge.store.store import Store
from kiosk_ui.tiles import Tile
from kiosk_ui.wording import N_, count, ltr, plain, t


@dataclass(frozen=True, slots=True)
class PressurePart:
    """One reading of the visit: `counts` says whether it is in the mean."""

    entry: int
    place: Markup
    value: Markup
    arm: Markup | None
    counts: bool


@dataclass(frozen=True, slots=True)
class PressureTile:
    """The tile, its parts oldest first, and the advice; `wait_until_ms` is Unix milliseconds."""

    tile: Tile
    parts: list[PressurePart]
    say: Markup | None
    step: NextStep
    wait_until_ms: int | None = None
    rest_s: int = 0

    @property
    def asks_arm(self) -> int | None:
        """The reading of which nobody has said the arm, when it matters now."""
        return self.parts[-1].entry if self.step is NextStep.SAY_ARM and self.parts else None


ARMS = {Arm.LEFT: N_("left"), Arm.RIGHT: N_("right")}

_METHODS = {
    Method.MEAN_OF_TWO: N_("Blood pressure, mean of two"),
    Method.MEAN_OF_LAST_TWO: N_("Blood pressure, mean of the last two"),
    Method.HIGHER: N_("Blood pressure, the higher one"),
}

PARTS_SHOWN = 3


def of_visit(store: Store, visit_id: str, tile: Tile, now: Stamp) -> PressureTile:
    """Return the tile of a visit, from that of its newest reading."""
    readings = measured.readings_of(store, visit_id)
    counts = measuring.counting(readings)
    if counts is not None and tile.state != "live" and len(readings) > 1:
        value = ltr(f"{plain(counts.systolic)}/{plain(counts.diastolic)}")
        name = t(_METHODS[counts.method]) if counts.method in _METHODS else tile.name
        why = tile.why
        if counts.irregular and tile.state != "danger":
            why = t(N_("pulse irregular: feel the pulse"))
        tile = replace(tile, value=value, name=name, why=why)
    used = {reading.id for reading in counts.readings} if counts else set()
    advice = measured.advice(store, visit_id, now)
    return PressureTile(
        tile,
        [_part(one, place, used) for place, one in enumerate(readings, 1)][-PARTS_SHOWN:],
        _say(advice),
        advice.step,
        now.wall_ms + advice.wait_s * 1000 if advice.step is NextStep.WAIT else None,
        advice.wait_s if advice.step is NextStep.REST else 0,
    )


def _part(reading: PressureReading, place: int, used: set[str]) -> PressurePart:
    return PressurePart(
        int(reading.id),
        count(place),
        ltr(f"{plain(reading.systolic)}/{plain(reading.diastolic)}"),
        t(ARMS[reading.arm]) if reading.arm else None,
        reading.id in used,
    )


def _say(advice: Advice) -> Markup | None:
    match advice.step:
        case NextStep.REST:
            return t(N_("First rest five minutes, seated, without talking."))
        case NextStep.WAIT:
            return t(N_("Reading %(n)s in"), n=count(advice.place))
        case NextStep.MEASURE:
            return t(N_("Now reading %(n)s"), n=count(advice.place))
        case NextStep.OTHER_ARM:
            return t(N_("Now the other arm: the first visit."))
        case NextStep.SAY_ARM:
            return t(N_("On which arm was it?"))
        case _:
            return None
