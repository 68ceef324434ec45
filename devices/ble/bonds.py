"""Judges by how connections end whether the bond with a Bluetooth device still works. Pure.

A device whose battery was changed, or that was paired with a telephone meanwhile, has forgotten
the box: it refuses the adapter's keys, or lets itself be connected and hangs up at once. Only
removing the bond and pairing again helps, and only a person can do that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["bond-stale", "not-paired"]

REFUSALS = 2
"""So many refusals of a bond in a row are no interference."""

SHORT_VISITS = 4
"""So many connections in a row that ended at once, without a value, after some that went well."""

SHORT_S = 3.0
KNOWN_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    """How a connection, or the attempt at one, ended.

    `paired`: the adapter has a bond. `about_bond`: the device refused it, or wants one.
    `hung_up`: the device ended it after `seconds`, `heard`: it gave a value before.
    """

    paired: bool
    about_bond: bool = False
    hung_up: bool = False
    heard: bool = False
    seconds: float = 0.0


class BondWatch:
    """Remembers a bounded number of devices."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int, bool]] = {}
        self._wants_bond: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def judge(self, address: str, ended: ConnectionEnd) -> Verdict | None:
        """Take note of an end; return what is wrong with the bond as far as that can be told."""
        refusals, short, went_well = self._known.pop(address, (0, 0, False))
        if ended.heard:
            refusals, short, went_well = 0, 0, True
        elif ended.about_bond:
            refusals += 1
            self._wants_bond[address] = None
            if len(self._wants_bond) > KNOWN_LIMIT:
                del self._wants_bond[next(iter(self._wants_bond))]
        elif ended.hung_up and ended.paired and ended.seconds < SHORT_S:
            short += 1
        self._known[address] = (refusals, short, went_well)
        if len(self._known) > KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        if ended.about_bond and not ended.paired:
            return "not-paired"
        stale = refusals >= REFUSALS or (went_well and short >= SHORT_VISITS)
        return "bond-stale" if stale else None

    def wants_bond(self, address: str) -> bool:
        """Whether the device has refused to serve without a bond."""
        return address in self._wants_bond

    def renewed(self, address: str) -> None:
        """Start anew: the device was paired."""
        self._known.pop(address, None)
