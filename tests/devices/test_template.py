"""A technician's own driver: checked when loaded, with words that help; its sample is its test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocols import line_template
from devices.protocols.line_template import Template, TemplateError
from devices.serial import templates
from edge.model.reading import UNCHECKED, Kind

STATION = r"""
maker = "Thai Scale"
name = "Height and weight kiosk"
kind = "weight"
line = "9600 8N1"
pattern = 'W:(?P<weight>\d{1,3}\.\d) H:(?P<height>\d{2,3}\.\d|--)(?: (?P<time>\S+))?'
time = "%Y-%m-%dT%H:%M"
sample = "W:65.4 H:170.2 2026-11-22T08:15"
[values.weight]
code = "29463-7"
unit = "kg"
[values.height]
code = "8302-2"
unit = "cm"
"""

CHECKED = r"""
maker = "Indian Scale"
name = "GS indicator"
kind = "weight"
line = "2400 7E1"
pattern = '(?P<checked>(?P<state>ST|US),GS,\+ *(?P<grams>\d+) g)(?P<sum>[0-9A-F]{2})'
checksum = "xor8"
valid = { state = ["ST"] }
sample = "ST,GS,+  65400 gSUM"
[values.grams]
code = "29463-7"
unit = "kg"
factor = "0.001"
"""


def summed(text: str) -> str:
    total = 0
    for byte in text.encode("ascii"):
        total ^= byte
    return f"{text}{total:02X}"


def checked() -> Template:
    return line_template.load("gs", CHECKED.replace("ST,GS,+  65400 gSUM", sample()))


def sample() -> str:
    return summed("ST,GS,+  65400 g")


def told(template: Template, line: str) -> list[list[str]]:
    events = template.protocol.decoder().feed(line.encode("ascii") + b"\r\n")
    found = [template.protocol.measured(event) for event in events]
    return [[f"{v.value.normalize()} {v.unit}" for v in one.values] for one in found if one]


def test_the_sample_is_what_the_template_gives() -> None:
    template = line_template.load("station", STATION)
    assert template.model.label == "Thai Scale Height and weight kiosk"
    assert template.protocol.experimental
    assert template.sample.kind is Kind.WEIGHT
    assert str(template.sample.device_time) == "2026-11-22 08:15:00"
    assert template.sample.quality == (UNCHECKED,)
    assert told(template, "W:65.4 H:170.2") == [["65.4 kg", "170.2 cm"]]
    assert told(template, "W:65.4 H:--") == [["65.4 kg"]]
    assert told(template, "W:0.0 H:--") == []
    assert told(template, "something else") == []


def test_a_checksum_and_a_state_are_kept_to() -> None:
    template = checked()
    assert template.sample.quality == ()
    assert told(template, summed("ST,GS,+  70100 g")) == [["70.1 kg"]]
    assert told(template, summed("US,GS,+  70100 g")) == []
    assert told(template, sample().replace("65400", "65900")) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "weight"', 'kind = "wait"', "kind is 'wait'; choose one of blood-pressure"),
        ('line = "9600 8N1"', 'line = "fast"', 'write it like "9600 8N1"'),
        ('code = "29463-7"', 'code = "1234-5"', "no value of the LOINC code '1234-5'"),
        ('unit = "kg"', 'unit = "lb"', "the unit is 'lb'; it must be kg"),
        ("sample = ", "simple = ", "sample is missing"),
        ('sample = "W:65.4 H:170.2', 'sample = "W=65.4 H:170.2', "the sample is not understood"),
        ('sample = "W:65.4 H:170.2', 'sample = "W:65.4 H:--', "no value for 8302-2"),
        ("(?P<height>", "(?P<tall>", "pattern has no group (?P<height>...)"),
        ("W:(", "W:(?P<w>W)(", "nothing says what the group 'w' is for"),
        ("W:(", "W:((", "pattern is no regular expression"),
        ("W:(", "(W+)+:(", "may take for ever"),
        ('maker = "Thai Scale"', "maker = 5", "maker must be a text"),
        ("[values.weight]", "[values", "this is no TOML"),
        ('time = "%', 'checksum = "crc"\ntime = "%', "checksum is 'crc'; choose one of sum8, xor8"),
        ('unit = "cm"', 'unit = "cm"\nfactor = "none"', "factor must be a text like"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, words: str) -> None:
    assert old in STATION
    with pytest.raises(TemplateError, match=r"^station: ") as wrong:
        line_template.load("station", STATION.replace(old, new, 1))
    assert words in str(wrong.value)


@given(st.lists(st.binary(max_size=300), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_bytes_harm_a_template(chunks: list[bytes]) -> None:
    decoder, whole = checked().protocol.decoder(), checked().protocol.decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert events == whole.feed(b"".join(chunks))
    assert decoder.pending <= line_template.LONGEST_LINE


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_text_is_more_than_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        line_template.load("any", text)


def test_templates_are_files_of_the_box(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "station.toml").write_text(STATION, encoding="utf-8")
    assert templates.find(tmp_path, "template:station").model.protocol == "template:station"
    for name in ("template:other", "template:../station", "template:"):
        with pytest.raises(TemplateError):
            templates.find(tmp_path, name)


def test_a_line_opened_in_the_middle_is_thrown_away() -> None:
    scale = r"""
maker = "Plain Scale"
name = "CR only"
kind = "weight"
line = "9600 8N1"
pattern = '\$(?P<grams>\d{6})'
sample = "$065400"
[values.grams]
code = "29463-7"
unit = "kg"
factor = "0.001"
"""
    template = line_template.load("plain", scale)
    decoder = template.protocol.decoder()
    events = [e for part in (b"5400\r$0654", b"00\r$065400\r") for e in decoder.feed(part)]
    found = [template.protocol.measured(event) for event in events]
    assert [str(one.values[0].value.normalize()) for one in found if one] == ["65.4", "65.4"]
