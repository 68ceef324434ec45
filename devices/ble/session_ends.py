"""Says what the end of a connection means for people: a lost bond, a device that tells nothing."""

from __future__ import annotations

import logging

from devices.ble.bonds import BondWatch, ConnectionEnd
from devices.ble.link import Advertisement
from devices.ble.pairing import Pairer, clear_bond, report_bond
from devices.ble.silence import SilentConnections
from devices.model import Model
from devices.recording.device_readings import Source
from devices.recording.recorder import Recorder
from edge.equipment import registry
from edge.model.clock import Stamp
from edge.store import issues
from edge.store.store import Store

_log = logging.getLogger(__name__)


class SessionEnds:
    """Remembers how connections ended, and who was added a moment ago."""

    def __init__(self, recorder: Recorder, pairer: Pairer) -> None:
        self._recorder = recorder
        self._pairer = pairer
        self._bonds = BondWatch()
        self._silence = SilentConnections()
        self._just_added: set[str] = set()

    def wants_bond(self, address: str, model: Model) -> bool:
        """Whether a device has to be paired, by its row or by what it said."""
        return not model.quirks.needs_adding or self._bonds.wants_bond(address)

    def paired(self, address: str, bond: bool) -> None:
        """Take note that somebody paired or added a device: its past does not count."""
        self._bonds.renewed(address)
        clear_bond(self._recorder, address)
        if not bond:
            self._just_added.add(address)

    async def judge_bond(
        self, heard: Advertisement, model: Model, end: ConnectionEnd, trouble: str
    ) -> None:
        """Report a bond that is missing or stale; a device just added is paired without asking."""
        address = heard.address
        verdict = self._bonds.judge(address, end)
        if verdict == "not-paired" and address in self._just_added:
            await self._pairer.ask_again(address)
        elif verdict is not None:
            _log.warning("%s: %s: %s", address, verdict, trouble)
            report_bond(self._recorder, address, model, verdict, heard.name)
        elif end.heard:
            clear_bond(self._recorder, address)
        self._just_added.discard(address)

    def judge_silence(self, source: Source, told: bool) -> None:
        """Report a device that was connected with several times and never told a value."""
        if not self._silence.ended(source.address, told):
            if told:
                self._recorder.submit(
                    lambda store, _: issues.clear(store, "tells-nothing", source.subject)
                )
            return

        def write(store: Store, now: Stamp) -> None:
            known = registry.device(store, source.id)
            if known is not None and known.reading_ms is None:
                issues.note(store, now, "tells-nothing", source.subject, source.address)

        self._recorder.submit(write)
