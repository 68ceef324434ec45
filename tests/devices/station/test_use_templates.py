"""A site's own template at a real port: its lines become readings that ask to be compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from eventually import eventually_async
from session_kit import HABITS
from station_kit import Start, readings

from devices import station
from devices.driver import LineSettings
from devices.recording.recorder import Recorder
from devices.serial.configured_ports import Cables
from devices.simulators.serial_line import SerialLine
from edge.equipment import registry
from edge.model.errors import SettingsError
from edge.model.reading import Code
from edge.settings.box_settings import Settings
from edge.store.store import Store

pytestmark = pytest.mark.long

TEMPLATE = r"""
maker = "Thai Scale"
name = "Kiosk"
kind = "weight"
line = "9600 8N1"
pattern = 'W:(?P<weight>\d{1,3}\.\d)'
sample = "W:65.4"
[values.weight]
code = "29463-7"
unit = "kg"
"""


def box(home: Path, port: Path, name: str = "thai") -> Settings:
    (home / "templates").mkdir()
    (home / "templates" / "thai.toml").write_text(TEMPLATE, encoding="utf-8")
    (home / "healthpost.toml").write_text(
        '[box]\nid = "b"\nclinic = "c"\n[[devices.port]]\n'
        f'path = "{port}"\nmodel = "template:{name}"\n',
        encoding="utf-8",
    )
    return Settings.load(home)


async def test_a_templates_line_becomes_a_reading(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    line = SerialLine(tmp_path / "ttyS", LineSettings(9600))
    line.plug()
    cables = Cables(recorder, station.cables_of(box(tmp_path, line.path)), HABITS)
    start(cables.run())
    (device,) = await eventually_async(lambda: registry.devices(store))
    assert device.model == "Thai Scale Kiosk (experimental)"
    await eventually_async(line.matches)
    line.send(b"W:71.2\r\n")
    (row,) = await eventually_async(lambda: readings(store))
    weight = row.value(Code.WEIGHT)
    assert weight is not None
    assert str(weight.value) == "71.2"
    assert row.needs_confirmation
    await line.close()


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="other.toml cannot be read"):
        station.cables_of(box(tmp_path, tmp_path / "ttyS", "other"))


CR_ONLY = r"""
maker = "Town"
name = "Scale"
kind = "weight"
line = "9600 8N1"
pattern = '\$(?P<weight>\d{6})'
sample = "$065400"
[values.weight]
code = "29463-7"
unit = "kg"
factor = "0.001"
"""


async def test_a_port_opened_in_the_middle_of_a_line_gives_no_half_value(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    line = SerialLine(tmp_path / "ttyS", LineSettings(9600))
    line.plug()
    settings = box(tmp_path, line.path)
    (tmp_path / "templates" / "thai.toml").write_text(CR_ONLY, encoding="utf-8")
    cables = Cables(recorder, station.cables_of(settings), HABITS)
    start(cables.run())
    await eventually_async(lambda: registry.devices(store))
    await eventually_async(line.matches)
    line.send(b"5400\r$065400\r$065400\r")
    await eventually_async(lambda: len(readings(store)) == 2)
    values = [row.value(Code.WEIGHT) for row in readings(store)]
    assert [str(value.value.normalize()) for value in values if value] == ["65.4", "65.4"]
    await line.close()
