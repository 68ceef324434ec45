"""The faults of a simulated world of boxes and a hospital: one function for each, and the table.

A misfortune's docstring says what happens; `HOLDS` of the catalogue says what must hold all the
same. `docs/simulator.md` shows this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from edge.model.entry import Lane
from sync.core import session as core
from sync.core.messages import PROTOCOL
from sync.frames import framing
from sync.frames.framing import MAX_RECORD_BYTES
from sync.simulation.box import CHOKE, CURSE, NEWER_SCHEMA, SimBox
from sync.simulation.hospital import SimHospital
from sync.simulation.weather import Air


class Stage(Protocol):
    """What a misfortune may touch: `sync.simulation.world.World`, as far as it is used here."""

    random: Random
    air: Air
    hospital: SimHospital

    def count_records(self) -> int:
        """Return how many records were made."""

    def remember(self, box: SimBox, records: Sequence[bytes]) -> None:
        """Hold the world to records that a box has accepted."""

    def forget_received(self) -> None:
        """Forget which frames the hospital has received."""

    def keep_image(self, box: SimBox) -> None:
        """Copy a box's card."""

    def put_image(self, box: SimBox) -> bool:
        """Put the copy in; whether there was one."""

    def clone(self, box: SimBox) -> None:
        """Let a second machine live on from a box's card."""

    def decide(self, name: str) -> None:
        """Settle whose a quarantined name is."""

    def replay(self) -> None:
        """Deliver a frame of any time once more."""

    def rot(self, box: SimBox) -> None:
        """Change a record on the disk by itself."""

    def change_key(self) -> None:
        """Replace the hospital's sealing key."""

    def revoke(self, box: SimBox) -> None:
        """Shut a box out."""


Act = Callable[[Stage, SimBox], None]

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
LANES = (Lane.ALERT.value, *[Lane.CLINICAL.value] * 4)


@dataclass(frozen=True, slots=True)
class Misfortune:
    """One of them: how often it is drawn, and which fault of the catalogue it brings about."""

    weight: float
    fault: str
    act: Act


def measure(world: Stage, box: SimBox) -> None:
    """A clinic records, mostly readings, now and then an alert; some records are poison."""
    random = world.random
    records: list[tuple[str, bytes]] = []
    for _ in range(random.choice((1, 1, 2, 16))):
        text = f"{box.name}-{world.count_records() + len(records)}".encode()
        chance = random.random()
        if chance < 0.002:
            text = text.ljust(MAX_RECORD_BYTES + 1, b".")
        elif chance < 0.006:
            text = CURSE + text
        elif chance < 0.01:
            text = CHOKE + text
        records.append((random.choice(LANES), text))
    if box.record(records):
        world.remember(box, [record for _, record in records])


def power_cut(world: Stage, box: SimBox) -> None:
    """The box loses its power; the session is gone, the disk is not."""
    box.boot()


def toggle_link(world: Stage, box: SimBox) -> None:
    """The link goes, or comes back."""
    box.reachable = not box.reachable
    if not box.reachable:
        box.connection += 1
        box.feed(core.LinkLost(world.air.now_ms))


def back_up(world: Stage, _box: SimBox) -> None:
    """The hospital's archive is copied off its host."""
    if not world.hospital.full:
        world.hospital.back_up()


def restore(world: Stage, _box: SimBox) -> None:
    """The hospital comes back from its backup; what came since is not there."""
    world.hospital.restore()
    world.forget_received()


def image(world: Stage, box: SimBox) -> None:
    """Somebody copies the card of a box."""
    world.keep_image(box)


def roll_back(world: Stage, box: SimBox) -> None:
    """An old copy of the card is put into the box: what was made since may be gone."""
    if world.put_image(box):
        box.boot()


def restore_under(world: Stage, box: SimBox) -> None:
    """Somebody restores a copy of the box's file; its running courier notices in a while."""
    if world.put_image(box):
        box.unaware = True
        world.air.later(world.random.randrange(1, 20_000), box.look)


def clone(world: Stage, box: SimBox) -> None:
    """Two machines live on from one card, with the same name and keys."""
    world.clone(box)


def decide(world: Stage, box: SimBox) -> None:
    """A technician has found both machines: one is let in again under new keys, one put away."""
    world.decide(box.name)


def replay(world: Stage, _box: SimBox) -> None:
    """A frame that went up at any time comes once more."""
    world.replay()


def fill_box(world: Stage, box: SimBox) -> None:
    """The box's disk runs full, or has room again: records are refused, custody stays owed."""
    box.disk.full = not box.disk.full
    box.look()


def fill_hospital(world: Stage, _box: SimBox) -> None:
    """The hospital's disk runs full, or has room again: it keeps nothing and answers nothing."""
    world.hospital.full = not world.hospital.full


def rot(world: Stage, box: SimBox) -> None:
    """A record on the box's disk changes by itself."""
    world.rot(box)


def jump(world: Stage, box: SimBox) -> None:
    """The box's wall clock jumps, by days or years, to and fro."""
    choices = (0, DAY_MS, -DAY_MS, 30 * YEAR_MS, -6 * YEAR_MS)
    box.skew_ms = world.random.choice(choices)
    box.look()


def jump_hospital(world: Stage, _box: SimBox) -> None:
    """The hospital's clock jumps, by an hour or years, to and fro."""
    world.hospital.skew_ms = world.random.choice((0, 3_600_000, -3_600_000, 2 * YEAR_MS))


def upgrade(_world: Stage, box: SimBox) -> None:
    """The box's version changes; a newer one packs frames as this hospital cannot read."""
    newer = box.schema == framing.PACKED
    box.schema = NEWER_SCHEMA if newer else framing.PACKED


def outgrow(world: Stage, box: SimBox) -> None:
    """The box speaks no protocol of this hospital, until it is put right."""
    box.protocols = (PROTOCOL + 1, PROTOCOL + 2)
    world.air.later(120_000, lambda: setattr(box, "protocols", (PROTOCOL, PROTOCOL)))


def new_key(world: Stage, _box: SimBox) -> None:
    """The hospital's sealing key is replaced; each box is told after a while."""
    world.change_key()


def revoke(world: Stage, box: SimBox) -> None:
    """The hospital shuts a box out for good."""
    world.revoke(box)


MISFORTUNES: Mapping[str, Misfortune] = {
    "measure": Misfortune(60, "poison", measure),
    "power_cut": Misfortune(5, "crash", power_cut),
    "toggle_link": Misfortune(12, "link comes and goes", toggle_link),
    "back_up": Misfortune(6, "hospital restored", back_up),
    "restore": Misfortune(2, "hospital restored", restore),
    "image": Misfortune(3, "card rolled back", image),
    "roll_back": Misfortune(2, "card rolled back", roll_back),
    "restore_under": Misfortune(2, "card rolled back", restore_under),
    "clone": Misfortune(1, "live clones", clone),
    "decide": Misfortune(1, "live clones", decide),
    "replay": Misfortune(6, "stale frames", replay),
    "fill_box": Misfortune(2, "disk full", fill_box),
    "fill_hospital": Misfortune(2, "disk full", fill_hospital),
    "rot": Misfortune(0.7, "damaged records", rot),
    "jump": Misfortune(2, "clock jumps", jump),
    "jump_hospital": Misfortune(1, "clock jumps", jump_hospital),
    "upgrade": Misfortune(1, "version skew", upgrade),
    "outgrow": Misfortune(0.5, "version skew", outgrow),
    "new_key": Misfortune(1, "keys change", new_key),
    "revoke": Misfortune(0.3, "keys change", revoke),
}
