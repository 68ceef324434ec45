"""Pairs the Bluetooth devices that a technician asked for, and reports those without a bond.

Nothing is ever paired that nobody asked for. The agent that answers for the person is registered
only as long as one pairing takes (`devices.ble.agent`).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from devices.ble import agent
from devices.ble.agent import PairingError
from devices.ble.link import Advertisement
from devices.model import Model
from devices.recording.recorder import Recorder
from edge.equipment import pairings
from edge.equipment.pairings import Pairing, State
from edge.model.clock import Stamp
from edge.model.errors import EdgeError
from edge.store import issues
from edge.store.store import Store

RESTARTED = "the station was restarted meanwhile"
UNPAIRED_S = 600.0
UNPAIRED_LIMIT = 20
MAKES_ROOM_S = 60.0
BOND_CONDITIONS = ("bond-stale", "not-paired", "not-added")
NAME_LIMIT = 30

NOT_HEARD = "it was not heard; switch on its pairing mode and ask again"

_SENTENCES = {
    "AuthenticationFailed": "it refused; check the number and its pairing mode, and ask again",
    "AuthenticationCanceled": "no number was given in time",
    "AuthenticationRejected": "it refused; check the number and its pairing mode, and ask again",
    "AuthenticationTimeout": "it did not answer in time",
    "ConnectionAttemptFailed": "it could not be reached; keep it near and ask again",
    "Timeout": "it did not answer in time",
    "NotHeard": NOT_HEARD,
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PairingTimes:
    """Seconds to wait for a device to be heard, for a number to be typed, between two looks."""

    heard_s: float = 300.0
    passkey_s: float = 60.0
    look_s: float = 0.5


class Pairer:
    """Knows who was asked for and who belongs to this box."""

    def __init__(self, recorder: Recorder, times: PairingTimes | None = None) -> None:
        self._recorder = recorder
        self._times = times or PairingTimes()
        self._known: dict[str, Pairing] = {}
        self._version: int | None = None

    async def refresh(self) -> None:
        """Look for what people asked for meanwhile; cheap while nothing was written."""
        try:
            version = await self._recorder.fetch(lambda store, _: store.data_version())
            if self._version is None:
                await self._recorder.fetch(_interrupted)
            if version != self._version:
                await self._reload()
            self._version = version
            await self._give_up_waiting()
        except EdgeError as error:
            _log.warning("what people asked for cannot be read: %s", error)

    def is_asked_for(self, address: str) -> bool:
        """Whether somebody waits for this device to be paired."""
        known = self._known.get(address)
        return known is not None and known.state is State.ASKED

    def belongs_here(self, address: str) -> bool:
        """Whether a technician added this device."""
        known = self._known.get(address)
        return known is not None and known.state is State.PAIRED

    async def pair(self, heard: Advertisement, bond: bool) -> bool:
        """Do what was asked for a device just heard; return whether it belongs here now.

        Without `bond` it is only added. A bond that is to be renewed is forgotten first: then the
        device has to be heard anew.
        """
        pairing = self._known[heard.address]
        try:
            if pairing.renew and heard.paired:
                await agent.forget(heard.address)
                return False
            await self._set_state(heard.address, State.PAIRING)
            if bond:
                await agent.pair(heard.address, _AtTheBox(self, heard.address))
        except PairingError as error:
            _log.warning("%s was not paired: %s", heard.address, error)
            why = _SENTENCES.get(error.kind, str(error))
            await self._set_state(heard.address, State.FAILED, detail=why)
            return False
        await self._set_state(heard.address, State.PAIRED)
        return True

    async def number(self, address: str) -> int | None:
        """Return the number that a person gave, asking for it when there is none yet."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._times.passkey_s
        while loop.time() < until_s:
            pairing = await self._recorder.fetch(lambda store, _: pairings.get(store, address))
            if pairing is None:
                return None
            if pairing.passkey is not None:
                await self._set_state(address, State.PAIRING)
                return pairing.passkey
            if pairing.state is not State.PASSKEY_WANTED:
                await self._set_state(address, State.PASSKEY_WANTED)
            await asyncio.sleep(self._times.look_s)
        return None

    async def show(self, address: str, number: str) -> None:
        """Show a number for a person to compare or to type on the device."""
        await self._set_state(address, State.PAIRING, shown=number)

    async def _set_state(
        self, address: str, state: State, *, shown: str = "", detail: str = ""
    ) -> None:
        def write(store: Store, now: Stamp) -> None:
            pairings.set_state(store, now, address, state, shown=shown, detail=detail)

        try:
            await self._recorder.fetch(write)
            await self._reload()
        except EdgeError as error:
            _log.warning("how far a pairing got was not written: %s", error)

    async def _reload(self) -> None:
        rows = await self._recorder.fetch(lambda store, _: pairings.everything(store))
        self._known = {row.address: row for row in rows}

    async def _give_up_waiting(self) -> None:
        now_ms = self._recorder.now().wall_ms
        for row in list(self._known.values()):
            waited_s = (now_ms - row.asked_ms) / 1000
            if row.state is State.ASKED and waited_s > self._times.heard_s:
                await self._set_state(row.address, State.FAILED, detail=NOT_HEARD)

    async def ask_again(self, address: str) -> None:
        """Let a device that was just added, and wants a bond, be paired when it is heard again."""
        await self._set_state(address, State.ASKED)


class UnpairedDevices:
    """Devices near by that nobody paired or added: reported as long as they advertise.

    It may be the neighbour's cuff, so it is not reported for ever. Beyond the limit of each kind
    one that has been silent longest makes room.
    """

    def __init__(self, recorder: Recorder, gone_s: float = UNPAIRED_S) -> None:
        self._recorder = recorder
        self._gone_s = gone_s
        self._last: dict[str, tuple[str, float]] = {}

    def heard(self, heard: Advertisement, model: Model) -> None:
        """Take note of one; `model` says whether it has to be paired or only added."""
        kind = "not-added" if model.quirks.needs_adding else "not-paired"
        known = self._last.get(heard.address)
        if known is None or known[0] != kind:
            if not self._has_room(kind, heard.at_s):
                return
            report_bond(self._recorder, heard.address, model, kind, heard.name)
        self._last[heard.address] = (kind, heard.at_s)

    def forget(self, now_s: float) -> None:
        """Clear the issues of devices that have been silent for long."""
        for address, (_, last_s) in list(self._last.items()):
            if now_s - last_s >= self._gone_s:
                self._drop(address)

    def _has_room(self, kind: str, now_s: float) -> bool:
        same = [(last_s, address) for address, (what, last_s) in self._last.items() if what == kind]
        if len(same) < UNPAIRED_LIMIT:
            return True
        last_s, address = min(same)
        if now_s - last_s < MAKES_ROOM_S:
            return False
        self._drop(address)
        return True

    def _drop(self, address: str) -> None:
        del self._last[address]
        clear_bond(self._recorder, address)

    def paired(self, address: str) -> None:
        """Take note that it is paired or added now."""
        if address in self._last:
            self._drop(address)


def report_bond(recorder: Recorder, address: str, model: Model, kind: str, name: str = "") -> None:
    """Note the issue of a bond, one kind at a time; a device of no row goes by its own `name`."""
    shown = "".join(letter for letter in name if letter.isprintable())[:NAME_LIMIT].strip()
    known = model.name_prefixes or not shown
    subject = f"{model.label if known else shown} {address[-5:]}"

    def write(store: Store, now: Stamp) -> None:
        _clear(store, address, but=(kind, subject))
        issues.note(store, now, kind, subject, address)

    recorder.submit(write)


def clear_bond(recorder: Recorder, address: str) -> None:
    """Clear every issue of a bond with an address."""
    recorder.submit(lambda store, _: _clear(store, address))


def _clear(store: Store, address: str, but: tuple[str, str] = ("", "")) -> None:
    for issue in issues.current(store):
        found = (issue.kind, issue.subject)
        if issue.kind in BOND_CONDITIONS and issue.detail == address and found != but:
            issues.clear(store, *found)


class _AtTheBox:
    """The technician, reached through the box's file."""

    def __init__(self, pairer: Pairer, address: str) -> None:
        self._pairer = pairer
        self._address = address

    async def passkey(self) -> int | None:
        """Return the number that was typed."""
        return await self._pairer.number(self._address)

    async def show(self, number: str) -> None:
        """Show a number."""
        await self._pairer.show(self._address, number)


def _interrupted(store: Store, now: Stamp) -> None:
    for row in pairings.everything(store):
        if row.state in (State.PAIRING, State.PASSKEY_WANTED):
            pairings.set_state(store, now, row.address, State.FAILED, detail=RESTARTED)
