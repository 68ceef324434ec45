"""`healthpost assess` answers as tests/vectors/clinical.json says, whatever it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from provisioning.box_setup import init_box
from provisioning.cli import main

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "clinical.json").read_text("utf-8"))
ROWS = [("news2", row) for row in VECTORS["news2"]] + [(r["rule"], r) for r in VECTORS["other"]]


def run(words: str, typed: str | bytes = "") -> Result:
    return CliRunner().invoke(main, words.split(), input=typed)


@pytest.fixture(autouse=True)
def no_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "box"))
    return tmp_path / "box"


def differs(found: object, expected: object, key: str = "") -> bool:
    if isinstance(expected, Mapping):
        return not isinstance(found, Mapping) or any(
            differs(found.get(name), value, name) for name, value in expected.items()
        )
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        slack = 0.01 if key.startswith("z_") else 0
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return not is_number or abs(found - expected) > slack  # type: ignore[operator]
    return found != expected or type(found) is not type(expected)


def test_every_case_is_answered_as_its_source_says() -> None:
    lines = [json.dumps({"rule": rule, "input": row["input"]}) for rule, row in ROWS]
    done = run("assess --lines", "\n".join(lines))
    assert done.exit_code == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["rule"] for answer in answers] == [rule for rule, _ in ROWS]
    wrong = {
        row["id"]: (answer["result"], row["expect"])
        for answer, (_, row) in zip(answers, ROWS, strict=True)
        if differs(answer["result"], row["expect"])
    }
    assert wrong == {}


def test_one_set_of_facts_gets_the_whole_assessment() -> None:
    facts = {"age_years": 40, "pregnant": False, "sbp": 186, "dbp": 112, "danger_symptoms": True}
    done = run("assess bp_urgent_adult --json", json.dumps(facts))
    answer: dict[str, Any] = json.loads(done.stdout)
    assert (done.exit_code, answer["level"], answer["draft"]) == (0, "emergency", True)
    assert answer["result"]["emergency"] is True
    assert answer["responses"][0]["escalate"] is True
    assert "(draft)" in run("assess bp_urgent_adult", json.dumps(facts)).stdout


HOSTILE = (
    (b"not json", "json"),
    (b"\xff\xfe", "json"),
    (b"[" * 100_000, "json"),
    (b"[]", "line"),
    (b'{"rule": "nothing", "input": {}}', "rule"),
    (b'{"rule": {"a": 1}, "input": {}}', "rule"),
    (b'{"rule": "\\ud800", "input": {}}', "rule"),
    (b'{"rule": "news2"}', "input"),
    (b'{"rule": "news2", "input": [1]}', "input"),
)
FACTS = (
    '{"age_years": NaN}', '{"age_years": -5}', '{"age_years": 1e400}', '{"age_years": "45"}',
    '{"age_years": 45, "rr": 1e99999999999999999999}', '{"age_years": 45, "hr": [70]}',
    '{"age_years": 45, "o2": "yes"}', '{"age_years": 45, "spo2": 900, "sbp": Infinity}',
    '{"age_years": 45, "consciousness": 1, "nothing": {}}', '{"age_years": ' + "9" * 9000 + "}",
)  # fmt: skip


def test_hostile_lines_are_answered_in_their_place_and_the_rest_goes_on() -> None:
    good = b'{"rule": "qsofa", "input": {"age_years": 40, "rr": 22, "sbp": 90}}'
    text = b"\n".join([good, *(line for line, _ in HOSTILE), b"", good])
    done = run("assess --lines", text)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 2
    assert [a["error"]["kind"] for a in answers[1:-1]] == [kind for _, kind in HOSTILE]
    assert answers[0] == answers[-1]
    assert answers[0]["result"]["score_lower_bound"] == 2


@pytest.mark.parametrize("facts", FACTS, ids=range(len(FACTS)))
def test_facts_that_cannot_be_are_refused_in_words_and_asked_for(facts: str) -> None:
    done = run("assess news2 --json", facts)
    answer = json.loads(done.stdout)
    assert done.exit_code == 0
    assert answer["result"]["status"] in ("needs_input", "incomplete")
    assert answer["result"]["total"] is None
    assert answer["missing"]
    assert done.exception is None


def test_a_fact_that_is_said_twice_is_refused_by_its_name() -> None:
    done = run("assess news2 --json", '{"age_years": 40, "spo2": 70, "spo2": 98}')
    assert done.exit_code == 2
    assert "'spo2' is said twice" in done.output
    lines = run("assess --lines", '{"rule": "news2", "rule": "qsofa", "input": {}}')
    assert json.loads(lines.stdout)["error"]["kind"] == "input"


def test_the_printed_sentence_says_which_fact_was_not_used_and_why() -> None:
    done = run("assess news2", '{"age_years": 40, "rr": 3}')
    assert "not used: rr must be from 4 to 120 /min." in done.output


def test_a_signature_makes_a_draft_a_reviewed_rule_on_this_box(no_box: Path) -> None:
    init_box(no_box, "Chak 14")
    assert "DRAFT" in run("rules show news2").stdout
    signed = run("rules sign news2 --name Khan --role physician --date 2026-11-30 --json")
    assert json.loads(signed.stdout)["role"] == "physician"
    row = {r["id"]: r for r in json.loads(run("rules list --json").stdout)["rules"]}["news2"]
    assert (row["status"], row["draft"]) == ("reviewed", False)
    assert row["signed_by"] == [{"name": "Khan", "role": "physician", "date": "2026-11-30"}]
    assert "DRAFT" not in run("rules show news2").stdout
    assert json.loads(run("assess news2 --json", "{}").stdout)["draft"] is False


def test_a_signature_of_a_day_to_come_or_of_no_day_is_refused(no_box: Path) -> None:
    init_box(no_box, "Chak 14")
    for day, said in (("2999-01-01", "is still to come"), ("2026-13-40", "write it as")):
        done = run(f"rules sign news2 --name Khan --role physician --date {day} --json")
        assert (done.exit_code, json.loads(done.stdout)["kind"]) == (2, "day")
        assert said in json.loads(done.stdout)["message"]
    assert "DRAFT" in run("rules show news2").stdout


def test_who_signs_after_somebody_else_is_told_whose_signature_is_replaced(no_box: Path) -> None:
    init_box(no_box, "Chak 14")
    run("rules sign news2 --name Khan --role physician --date 2026-11-29")
    done = run("rules sign news2 --name Bibi --role physician --date 2026-11-30")
    assert done.exit_code == 0
    assert "replaces the signature of version 1 by Khan, physician, on 2026-11-29" in done.stdout


def test_a_broken_file_of_the_site_is_not_signed(no_box: Path) -> None:
    init_box(no_box, "Chak 14")
    (no_box / "rules").mkdir(exist_ok=True)
    (no_box / "rules" / "news2.toml").write_text("broken [[", encoding="utf-8")
    done = run("rules sign news2 --name Khan --role physician --json")
    assert (done.exit_code, json.loads(done.stdout)["kind"]) == (2, "table")
    assert "news2.toml, line 1" in json.loads(done.stdout)["message"]
    listed = run("rules list --json")
    assert listed.exit_code == 1
    assert [row["file"] for row in json.loads(listed.stdout)["refused"]] == ["news2.toml"]


def test_a_table_with_an_unknown_fact_is_told_so_without_a_path_of_the_program(
    tmp_path: Path,
) -> None:
    table = json.loads(run("rules show bp_grade_adult --json").stdout)["table"]
    file = tmp_path / "mine.toml"
    file.write_text(table.replace('fact = "sbp"', 'fact = "spb"'), encoding="utf-8")
    done = run(f"rules check {file}")
    assert done.exit_code == 2
    assert 'no fact is called "spb"' in done.output
    assert "edge/" not in done.output


def test_check_names_the_line_of_a_wrong_table(tmp_path: Path) -> None:
    table = json.loads(run("rules show bp_grade_adult --json").stdout)["table"]
    file = tmp_path / "mine.toml"
    file.write_text(table, encoding="utf-8")
    assert run(f"rules check {file}").exit_code == 0
    file.write_text(table.replace("most = 139", "most = 138"), encoding="utf-8")
    done = run(f"rules check {file} --json")
    line = 1 + table[: table.index("least = 140")].count("\n")
    assert done.exit_code == 2
    assert f"{file}, line {line}: there is a gap" in json.loads(done.stdout)["message"]
