"""`healthpost decode` answers line by line and says what is wrong with its input."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from provisioning.cli import main

CUFF = "1e7c0050005d00ea070b16081e004800010000"


def test_one_value_is_explained() -> None:
    told = CliRunner().invoke(main, ["decode", "ble", "2A35", CUFF, "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["fields"]["systolic"] == 124


def test_chunks_of_a_line_are_explained() -> None:
    told = CliRunner().invoke(main, ["decode", "serial", "cms50_5byte", "8735", "054862", "--json"])
    answer = json.loads(told.stdout)
    assert (answer["events"][0]["spo2"], answer["pending_bytes"]) == (98, 0)


def test_a_host_command_is_explained() -> None:
    arguments = ["decode", "serial", "ad_tm2655", "16160130300252420310", "--from-host", "--json"]
    answer = json.loads(CliRunner().invoke(main, arguments).stdout)
    assert answer["events"] == [{"event": "command", "code": "RB"}]


def test_lines_are_answered_one_for_one_even_when_some_are_wrong() -> None:
    lines = [
        json.dumps({"char": "2A35", "hex": CUFF}),
        json.dumps({"char": "2A35", "hex": "0078"}),
        "not json",
        json.dumps({"protocol": "no_such_thing", "chunks": ["00"]}),
        json.dumps({"protocol": "cms50_5byte", "chunks": ["873505"]}),
    ]
    told = CliRunner().invoke(main, ["decode", "--lines"], input="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(answers) == len(lines)
    assert answers[1] == {"char": "2A35", "error": "truncated", "readings": []}
    assert "kind" in answers[2]
    assert "kind" in answers[3]
    nothing = {"events": [], "pending_bytes": 3, "readings": []}
    assert answers[4] == {"protocol": "cms50_5byte", **nothing}
    assert told.exit_code == 2


def test_wrong_hex_ends_with_two_and_a_json_error() -> None:
    told = CliRunner().invoke(main, ["decode", "ble", "2A35", "xyz", "--json"])
    assert told.exit_code == 2
    assert set(json.loads(told.stdout)) == {"kind", "message"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ble", "2A35", "1e7"], "ends in the middle of a byte"),
        (["ble", "2A35", "1e7c"], "it ends before all that it announces"),
        (["ble", "ABCD", "00"], "'ABCD' is none of"),
        (["serial", "no_such_thing", "00"], "'no_such_thing' is none of"),
        (["serial", "cms50_5byte", "873505"], "the frame is not whole: 3 bytes wait"),
        (["serial", "ad_tm2655", "ffff"], "no whole frame of ad_tm2655"),
        (["serial", "hl7_mllp", "00", "--map", "718-7"], "--map must be a JSON object"),
    ],
)
def test_wrong_input_is_a_sentence_and_ends_with_two(arguments: list[str], words: str) -> None:
    told = CliRunner().invoke(main, ["decode", *arguments])
    assert told.exit_code == 2
    assert words in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert "Traceback" not in told.output


def test_an_analysers_map_comes_with_the_bytes() -> None:
    chunks = "0b4d53487c5e7e5c267c0d1c0d"
    arguments = ["decode", "serial", "hl7_mllp", chunks, "--json"]
    told = CliRunner().invoke(main, [*arguments, "--map", '{"HB": ["718-7", "g/dL"]}'])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["readings"] == []
