"""A recorder, a start and a virtual bluetoothd for every test of the station."""

from __future__ import annotations

from station_fixtures import bluez, recorder, start

__all__ = ["bluez", "recorder", "start"]
