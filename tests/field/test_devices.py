"""What devices in the field really sent, and what a box makes of it: one row, one case.

`devices.jsonl` holds a row for each case: `id`, `source`, `about`, `input`, `expect`, `why`. Bytes
(`char` and `hex`, or `protocol`, `chunks` and an analyser's `map`) are decoded here as by
`healthpost decode --lines`; a `situation` names the `test` that plays it. `not_yet` marks a case
that is known to fail: the mark goes with the mend. `later` says which later work the case belongs
to, and is skipped.

`expect.readings` lists exactly the readings that would be recorded, each by what is given of it:
values as "comparator value unit" by their code, and `time`, `record`, `user`, `quality`, `found`.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from devices.capture.decode import decode_line

FIELD = Path(__file__).parent
ROOT = FIELD.parent.parent
Row = dict[str, Any]

ROWS: list[Row] = [
    json.loads(line)
    for line in (FIELD / "devices.jsonl").read_text("utf-8").splitlines()
    if line.strip()
]
FACTS_OF_A_READING = {"time", "record", "user", "quality", "found"}


def cases() -> list[object]:
    marked = []
    for row in ROWS:
        marks = []
        if row.get("later"):
            marks.append(pytest.mark.skip(reason=f"later: {row['later']}"))
        elif row.get("not_yet"):
            marks.append(pytest.mark.xfail(reason="not mended yet", strict=True))
        marked.append(pytest.param(row, id=row["id"], marks=marks))
    return marked


@pytest.mark.parametrize("row", cases())
def test_a_case_of_the_field(row: Row) -> None:
    if "situation" in row["input"]:
        assert has_test(row.get("test", "")), "no test plays this situation"
        return
    answer, expected = decode_line(row["input"]), row["expect"]
    told = [described(reading) for reading in readings_of(answer)]
    assert len(told) == len(expected["readings"]), answer
    for found, wanted in zip(told, expected["readings"], strict=True):
        assert found | wanted == found
    assert answer.get("error") == expected.get("error")
    if "refused" in expected:
        assert [why["kind"] for why in listed(answer, "refused")] == expected["refused"]
    if "fields" in expected:
        fields = answer["fields"]
        assert isinstance(fields, dict)
        assert fields | expected["fields"] == fields
    if "answer" in expected:
        check_answer(answer, expected["answer"])


def test_every_row_says_where_it_comes_from_and_is_there_once() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["source"], row["id"]
        assert row["why"], row["id"]


def listed(answer: dict[str, object], key: str) -> list[dict[str, Any]]:
    found = answer.get(key, [])
    assert isinstance(found, list)
    return found


def readings_of(answer: dict[str, object]) -> list[dict[str, Any]]:
    assert "readings" in answer
    return listed(answer, "readings")


def described(reading: dict[str, Any]) -> dict[str, Any]:
    """Return a reading in the form of `expect`: "<=0.5 g/dL" by its code, and its facts."""
    texts = {
        value["code"]: f"{value['comparator']}{value['value']} {value['unit']}".strip()
        for value in reading["values"]
    }
    return texts | {name: reading.get(name) for name in FACTS_OF_A_READING}


def check_answer(answer: dict[str, object], expected: dict[str, str]) -> None:
    """Compare the last answer's HL7 fields with patterns: {"MSH-9": "ACK.R01"}."""
    sent = listed(answer, "answers")[-1]
    text = bytes.fromhex(str(sent)).decode("utf-8").strip("\x0b\x1c\r")
    segments = {segment[:3]: segment.split("|") for segment in text.split("\r")}
    for place, pattern in expected.items():
        name, number = place.split("-")
        fields = segments[name]
        at = int(number) - (1 if name == "MSH" else 0)  # MSH-1 is the separator itself
        assert re.fullmatch(pattern, fields[at]), (place, fields)


def has_test(name: str) -> bool:
    path, _, function = name.partition("::")
    if not function or not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, found) and node.name == function for node in ast.walk(tree))
