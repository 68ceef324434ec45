"""Records what a device sends, over a cable or Bluetooth. Nothing is ever sent to a cable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from devices.ble import link
from devices.capture.capture import BYTES_LIMIT, CHUNKS_LIMIT, Chunk
from devices.catalogue import BLE_CHARACTERISTICS, MODELS
from devices.driver import LineSettings
from devices.serial import link as serial_link

FIND_S = 30.0
"""How long a Bluetooth device is looked for; many are heard only after they measured."""


class NotHeardError(Exception):
    """No device of this address was heard."""


def record_line(
    path: str, settings: LineSettings, seconds: float, stopped: Callable[[], bool]
) -> list[Chunk]:
    """Listen on a serial port; ends in time, when `stopped`, or at the limit of a capture.

    Raises `serial_link.PortError` when the port cannot be opened. A port that is lost ends the
    recording: what came before is kept.
    """
    line = serial_link.open_line(path, settings)
    began = time.monotonic()
    chunks: list[Chunk] = []
    size = 0
    try:
        while not stopped() and time.monotonic() - began < seconds and _room(chunks, size):
            data = line.read()
            if data:
                chunks.append(Chunk(_ms_since(began), data))
                size += len(data)
    except serial_link.PortError:
        if not chunks:
            raise
    finally:
        line.close()
    return chunks


async def record_ble(address: str, seconds: float, stopped: Callable[[], bool]) -> list[Chunk]:
    """Wait for a Bluetooth device, connect, and take note of all measurement characteristics.

    Raises `NotHeardError`, or `link.LinkError` when it cannot be connected with.
    """
    connection = await link.Connection.open((await _heard(address)).device)
    began = time.monotonic()
    chunks: list[Chunk] = []
    size = 0

    def took(char: str) -> Callable[[bytes], None]:
        return lambda data: chunks.append(Chunk(_ms_since(began), data, char))

    try:
        for uuid in BLE_CHARACTERISTICS:
            if len(uuid) == len("2A35"):
                await _subscribe(connection, uuid, took(uuid))
        while not stopped() and time.monotonic() - began < seconds and _room(chunks, size):
            await _until_lost(connection)
            if connection.lost.is_set():
                break
            size = sum(len(chunk.data) for chunk in chunks)
    finally:
        await connection.close()
    return chunks


async def _heard(address: str) -> link.Advertisement:
    found: asyncio.Future[link.Advertisement] = asyncio.get_running_loop().create_future()

    def heard(seen: link.Advertisement) -> None:
        if seen.address.upper() == address.upper() and not found.done():
            found.set_result(seen)

    services = {service for model in MODELS for service in model.services}
    async with link.Scanner(services, heard):
        try:
            async with asyncio.timeout(FIND_S):
                return await found
        except TimeoutError:
            raise NotHeardError(f"{address} was not heard for {FIND_S:.0f} s") from None


async def _subscribe(connection: link.Connection, uuid: str, took: Callable[[bytes], None]) -> None:
    """Characteristics that can only be read or written refuse; the others matter."""
    try:
        await connection.subscribe(uuid, took)
    except link.LinkError:
        if connection.lost.is_set():
            raise


async def _until_lost(connection: link.Connection) -> None:
    try:
        async with asyncio.timeout(serial_link.READ_TIMEOUT_S):
            await connection.lost.wait()
    except TimeoutError:
        return


def _room(chunks: list[Chunk], size: int) -> bool:
    return size < BYTES_LIMIT - serial_link.READ_LIMIT and len(chunks) < CHUNKS_LIMIT


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
