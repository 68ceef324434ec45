"""Reads and sets a Bluetooth device's clock, opens its user slot, reads battery and information.

It runs beside the measurements of a session. Each step may fail; what fails is left out.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol, cast

from devices.ble.link import LinkError
from devices.catalogue import BLE_CHARACTERISTICS
from devices.driver import DecodeError, Fields
from devices.protocols import user_data
from devices.protocols.current_time import encode_current_time, encode_date_time
from devices.recording.device_readings import Source
from devices.recording.device_time import KnownClock, ahead_s, local_time
from devices.recording.recorder import Recorder
from edge.equipment import device_clock, device_memory, registry
from edge.model.clock import ClockQuality
from edge.store import issues

BATTERY = "2A19"
LOW_PERCENT = 20
ANSWER_S = 5.0
"""How long a scale takes at most to answer for a user slot."""

TEXT_LIMIT = 64
_INFORMATION = {
    "2A29": "manufacturer",
    "2A24": "model_number",
    "2A25": "serial",
    "2A26": "firmware",
}

_log = logging.getLogger(__name__)

Step = Callable[[], Coroutine[Any, Any, None]]


class ConnectedDevice(Protocol):
    """What a session needs of a connection; `devices.ble.link.Connection` is one."""

    lost: asyncio.Event

    async def subscribe(self, uuid: str, took: Callable[[bytes], None]) -> bool:
        """Have values handed to `took`; False when there is no such characteristic."""
        ...

    async def read(self, uuid: str) -> bytes | None:
        """Return a value or None; raises `LinkError`."""
        ...

    async def write(self, uuid: str, data: bytes) -> bool:
        """Write a value; False when that cannot be; raises `LinkError`."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


class DeviceSetup:
    """Runs once beside a session. `clock` is what we know of the device's clock, before and after.

    `now_valid` is the clock by which the values of this connection were stamped; `ready` is set
    when it is known, and the user slot is open, or neither can be had. `maker_model` is the maker
    and model number that the device gave, once it did. `shares_user`: it has user slots, and the
    open one is the box's, not the patient's.
    """

    def __init__(
        self,
        recorder: Recorder,
        source: Source,
        connection: ConnectedDevice,
        clock: KnownClock | None,
    ) -> None:
        self.clock = self.now_valid = clock
        self.ready = asyncio.Event()
        self.maker_model: tuple[str, str] | None = None
        self.shares_user = False
        self._recorder = recorder
        self._source = source
        self._connection = connection
        self._answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)

    async def run(self) -> None:
        """Take every step; those that the measurements wait for come first."""
        for step in (self._read_clock, self._open_user):
            await self._try(step)
        self.ready.set()
        for step in (self._write_clock, self._read_battery, self._read_information):
            await self._try(step)

    async def _try(self, step: Step) -> None:
        try:
            await step()
        except (LinkError, DecodeError, TimeoutError) as error:
            _log.info("%s: %s: %s", self._source.id, step.__name__, error or "no answer")

    # --- clock ---------------------------------------------------------------------------------

    async def _read_clock(self) -> None:
        clock = self._source.model.clock
        if clock is None:
            return
        raw = await self._connection.read(clock)
        shown = cast("datetime | None", _decoded(clock, raw).get("time"))
        if shown is None:
            return
        found = KnownClock(shown - local_time(self._recorder.now()))
        self.clock = self.now_valid = found
        device, seconds = self._source.id, ahead_s(found)
        self._recorder.submit(lambda store, _: registry.set_clock_offset(store, device, seconds))
        self._recorder.submit(lambda store, now: device_clock.note_shown(store, now, device, shown))

    async def _write_clock(self) -> None:
        """Set the clock, unless the box's own is worse than none or the device's is near enough."""
        now, model = self._recorder.now(), self._source.model
        if model.clock is None or now.quality is ClockQuality.FLOOR:
            return
        if model.quirks.clock_off_s and self._is_off_by_less(model.quirks.clock_off_s):
            return
        local = local_time(now)
        encode = encode_date_time if model.clock == "2A08" else encode_current_time
        if await self._connection.write(model.clock, encode(local)):
            # What the device holds was stamped before: only later readings go by this.
            self.clock = KnownClock(local - local, since=local.replace(microsecond=0))
            device = self._source.id
            self._recorder.submit(lambda store, _: device_clock.note_set(store, now, device, local))

    def _is_off_by_less(self, seconds: int) -> bool:
        """Whether the clock is that good; one that could not be read is left alone as well."""
        return self.now_valid is None or abs(ahead_s(self.now_valid)) <= seconds

    # --- user slot -----------------------------------------------------------------------------

    async def _open_user(self) -> None:
        """Open this box's user slot on a device that has slots; make one the first time.

        Whether it has is told by its User Control Point, not by its name. The slot is the box's,
        not a patient's: it holds no age, height or sex.
        """
        if not await self._connection.subscribe(user_data.UUID, self._take_answer):
            return
        self.shares_user = True
        device = self._source.id
        memory = await self._recorder.fetch(lambda store, _: device_memory.of(store, device))
        if memory.user is not None and memory.consent is not None:
            if await self._consented(memory.user, memory.consent):
                return
            self._recorder.submit(lambda store, _: device_memory.forget_user(store, device))
        await self._register()

    async def _register(self) -> None:
        code, device = secrets.randbelow(user_data.HIGHEST_CODE + 1), self._source.id
        answer = await self._request(user_data.register(code))
        user = answer.get("user")
        if isinstance(user, int):
            await self._recorder.fetch(
                lambda store, _: device_memory.set_user(store, device, user, code)
            )
            if await self._consented(user, code):
                return
        why = user_data.RESPONSES.get(cast("int", answer.get("code", 0)), "no user")
        _report_refusal(self._recorder, self._source, why)

    async def _consented(self, user: int, code: int) -> bool:
        answer = await self._request(user_data.consent(user, code))
        subject = self._source.subject
        if answer.get("code") != user_data.SUCCESS:
            return False
        self._recorder.submit(lambda store, _: issues.clear(store, "device-refuses", subject))
        return True

    def _take_answer(self, raw: bytes) -> None:
        if not self._answers.full():
            self._answers.put_nowait(raw)

    async def _request(self, request: bytes) -> Fields:
        """Write to the user control point; raises `TimeoutError` when it does not answer."""
        await self._connection.write(user_data.UUID, request)
        async with asyncio.timeout(ANSWER_S):
            while True:
                answer = user_data.decode(await self._answers.get())
                if answer.get("request") == request[0]:
                    return answer

    # --- battery and information ---------------------------------------------------------------

    async def _read_battery(self) -> None:
        percent = _decoded(BATTERY, await self._connection.read(BATTERY)).get("percent")
        if not isinstance(percent, int):
            return
        device, subject = self._source.id, self._source.subject
        self._recorder.submit(lambda store, _: registry.set_battery(store, device, percent))
        if percent <= LOW_PERCENT:
            self._recorder.submit(
                lambda store, now: issues.note(store, now, "battery-low", subject, f"{percent} %")
            )
        else:
            self._recorder.submit(lambda store, _: issues.clear(store, "battery-low", subject))

    async def _read_information(self) -> None:
        information = {
            name: _text(await self._connection.read(uuid)) for uuid, name in _INFORMATION.items()
        }
        self.maker_model = (information["manufacturer"], information["model_number"])
        device = self._source.id
        self._recorder.submit(
            lambda store, _: registry.set_information(store, device, **information)
        )


def _report_refusal(recorder: Recorder, source: Source, why: str) -> None:
    recorder.submit(
        lambda store, now: issues.note(store, now, "device-refuses", source.subject, why)
    )


def _decoded(uuid: str, raw: bytes | None) -> Fields:
    """Decode a value that is not worth refusing; nothing when it is missing or broken."""
    if raw is None:
        return {}
    try:
        return BLE_CHARACTERISTICS[uuid].decode(raw)
    except DecodeError:
        return {}


def _text(raw: bytes | None) -> str:
    """Read a text of the Device Information Service: UTF-8, sometimes padded with zeros."""
    text = (raw or b"").rstrip(b"\0").decode("utf-8", "replace").strip()
    return "".join(letter for letter in text if letter.isprintable())[:TEXT_LIMIT]
