"""Analysers that insist on being acknowledged, and monitors that only show frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import laboratory
import pytest

from devices.catalogue import SERIAL_PROTOCOLS
from devices.catalogue.serial_protocols import session_for
from devices.protocols.laboratory import Site
from devices.protocols.laboratory import Test as LabTest
from devices.simulators.faults import Fault
from devices.simulators.wired import astm_e1381 as astm
from devices.simulators.wired import datex_s5, lepu_aa55
from devices.simulators.wired import hl7_mllp as hl7
from devices.simulators.wired.analyser import Analyser, Result
from edge.model.reading import Code, Measurement
from tests.support.wires import QUICK, VECTORS, Ear, numbers, open_port, person

pytestmark = pytest.mark.long

TESTS = {
    "^^^HB": LabTest(Code.HAEMOGLOBIN, "g/dL"),
    "HB^Haemoglobin": LabTest(Code.HAEMOGLOBIN, "g/dL"),
    "HIV": LabTest("75622-1", ""),
    "CREA": LabTest("14682-9", "umol/L"),
}
HB = Code.HAEMOGLOBIN
RESULT_TIME = datetime(2026, 11, 22, 8, 14, 55)  # noqa: DTZ001


class Host:
    """The receiving end: the product's own session, unless it is told to lose an answer."""

    def __init__(self, ear: Ear, protocol: str, lost: int = 0) -> None:
        self.ear = ear
        self.lost = lost
        self.measured: list[Measurement] = []
        self.controls: list[Measurement] = []
        session = session_for(protocol, Site(TESTS))
        assert session is not None
        self._session = session
        self._answered = 0

    def readings(self) -> list[dict[str, Decimal]]:
        return [numbers(each) for each in self.measured]

    async def until(self, enough: Callable[[], bool]) -> None:
        def heard() -> bool:
            self._answer()
            return enough()

        await self.ear.until(heard)

    def _answer(self) -> None:
        fresh = self.ear.events[self._answered :]
        self._answered = len(self.ear.events)
        for event in fresh:
            turn = self._session.on_event(event, 0)
            self.measured += turn.measured
            self.controls += turn.controls
            if turn.write and self.lost:
                self.lost -= 1
            elif turn.write:
                self.ear.port.write(turn.write)


def test_frames_are_the_published_ones() -> None:
    header = "H|\\^&|||HB201|||||||P|1|20261122081500\r"
    assert VECTORS["astm_e1381-04"] == b"\x05" + astm.frame(1, header) * 2 + b"\x04"
    result = "R|1|^^^HB|11.8|g/dL||L||F||||20261122081455\r"
    pieces = [
        astm.frame(1, "O|1|||^^^HB\rR|1|^^^H", last=False),
        astm.frame(2, result.removeprefix("R|1|^^^H")),
    ]
    assert VECTORS["astm_e1381-03"] == b"\x05" + b"".join(pieces) + b"\x04"
    assert datex_s5.frame(bytes.fromhex("31007e017d02")) == VECTORS["datex_s5-01"]
    assert lepu_aa55.packet(0, 0xF0, 0, 5) == VECTORS["lepu_aa55-01"]
    sample = lepu_aa55.packet(0x23, 0xF3, 4, 1, b"\x02" + bytes(16))
    assert sample == VECTORS["lepu_aa55-02"]


@pytest.mark.parametrize("kind", [astm.AstmAnalyser, hl7.Hl7Analyser])
async def test_the_product_reads_what_the_analyser_measured(
    tmp_path: Path, kind: type[Analyser]
) -> None:
    device = kind(tmp_path / "tty", replace(QUICK, answer_s=30))  # it sends nothing twice
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        device.measure(person())
        await host.until(lambda: bool(host.readings()) and not device.waiting)
        device.measure(person(), Fault.NAN)
        await host.until(lambda: len(device.waiting) == 1)
        await host.until(lambda: not device.waiting)
    assert host.readings() == [{HB: person().measure_haemoglobin()}]
    await device.stop()


@pytest.mark.parametrize("kind", [astm.AstmAnalyser, hl7.Hl7Analyser])
async def test_control_material_is_told_from_blood(tmp_path: Path, kind: type[Analyser]) -> None:
    device = kind(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        device.measure(person(), Fault.CONTROL)
        device.measure(person())
        await host.until(lambda: len(host.readings()) == 1 and not device.waiting)
    assert [each.record for each in host.controls] == ["QC-1"]
    assert [each.record for each in host.measured] == ["2"]
    await device.stop()


async def test_a_counter_that_restarts_swallows_nobody(tmp_path: Path) -> None:
    device = hl7.Hl7Analyser(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        for number in (1, 2):
            device.restart()
            device.measure(person())
            await host.until(lambda n=number: len(host.measured) == n and not device.waiting)  # type: ignore[misc]
    assert [each.record for each in host.measured] == ["1", "2"]
    assert len({each.message for each in host.measured}) == 2
    await device.stop()


@pytest.mark.parametrize("kind", [hl7.RapidTestReader, astm.ChemistryAnalyser])
async def test_results_in_words_and_in_another_character_set_are_read(
    tmp_path: Path, kind: type[Analyser]
) -> None:
    device = kind(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        device.measure(person())
        await host.until(lambda: bool(host.measured) and not device.waiting)
    (found,) = host.measured
    if kind is hl7.RapidTestReader:
        assert [value.word for value in found.coded] in (["negative"], ["positive"])
    else:
        assert [value.unit for value in found.values] == ["umol/L"]
    await device.stop()


@pytest.mark.parametrize("kind", [astm.AstmAnalyser, hl7.Hl7Analyser])
async def test_a_lost_answer_brings_the_same_frame_again(
    tmp_path: Path, kind: type[Analyser]
) -> None:
    device = kind(tmp_path / "tty", replace(QUICK, answer_s=0.5))
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol, lost=2)
        device.measure(person())
        await host.until(lambda: bool(host.readings()) and not device.waiting)
    whole = [reading[HB] for reading in host.readings()]
    assert set(whole) == {person().measure_haemoglobin()}
    assert len(whole) == (1 if kind is astm.AstmAnalyser else 3)  # HL7 names its message instead
    await device.stop()


@pytest.mark.parametrize("fault", [Fault.FLIPPED_BIT, Fault.TRUNCATED, Fault.GARBAGE_PREFIX])
async def test_a_result_survives_a_bad_line(tmp_path: Path, fault: Fault) -> None:
    device = astm.AstmAnalyser(tmp_path / "tty", QUICK, seed=5)
    device.plug()
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        device.measure(person(), fault)
        await host.until(lambda: bool(host.readings()) and not device.waiting)
    assert host.readings() == [{HB: person().measure_haemoglobin()}]
    await device.stop()


async def test_a_result_waits_until_somebody_listens(tmp_path: Path) -> None:
    device = astm.AstmAnalyser(tmp_path / "tty", replace(QUICK, answer_s=0.05))
    device.plug()
    device.measure(person())
    await asyncio.sleep(0.3)
    assert len(device.waiting) == 1
    with open_port(device) as port:
        host = Host(Ear(port, device.protocol), device.protocol)
        await host.until(lambda: not device.waiting)
    assert host.readings() == [{HB: person().measure_haemoglobin()}]
    await device.stop()


async def test_a_host_that_refuses_six_times_is_given_up_for_a_while(tmp_path: Path) -> None:
    device = astm.AstmAnalyser(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        device.measure(person())
        await ear.until(lambda: "enq" in ear.names())
        port.write(b"\x06")
        for times in range(1, 7):
            await ear.until(lambda n=times: ear.raw.count(b"\x021H|") == n)  # type: ignore[misc]
            port.write(b"\x15")
        await ear.until(lambda: ear.names()[-1] == "eot")
        await ear.until(lambda: ear.names()[-1] == "enq")
    assert len(device.waiting) == 1
    await device.stop()


def test_a_long_record_goes_on_in_the_next_frame() -> None:
    when = Result(1, Decimal("11.8"), RESULT_TIME)
    wire = b"\x05" + b"".join(astm.frames(astm.records(when), longest=20)) + b"\x04"
    events = SERIAL_PROTOCOLS["astm_e1381"].decoder().feed(wire)
    assert "partial" in {event.name for event in events}
    (measured,) = laboratory.measured(laboratory.turns(wire, TESTS))
    assert (numbers(measured), measured.device_time) == ({HB: Decimal("11.8")}, RESULT_TIME)


async def test_a_monitor_sends_records_once_it_was_asked(tmp_path: Path) -> None:
    monitor = type("Quick", (datex_s5.DatexS5,), {"period_s": 0.05})
    device = monitor(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(datex_s5.frame(bytes(49)))
        await ear.until(lambda: len(ear.events) > 2)
    assert set(ear.names()) == {"frame"}
    payload = bytes.fromhex(str(ear.events[0].fields["payload"]))
    assert int.from_bytes(payload[:2], "little") == len(payload)
    assert payload[14:16] == b"\0\0"
    pulse = person().measure_pressure().pulse
    assert int.from_bytes(payload[44:46], "little") == pulse
    assert ear.measured == []
    await device.stop()


async def test_a_board_of_unknown_meaning_gives_no_value(tmp_path: Path) -> None:
    device = lepu_aa55.LepuBoard(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        device.measure(person())
        await ear.until(lambda: len(ear.events) > 2)
    assert set(ear.names()) == {"packet"}
    assert ear.measured == []
    await device.stop()
