"""A box joins its hospital by two files on a stick, with the verbs of both ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.settings.box_settings import Settings
from provisioning.cli import main
from sync.keys import membership


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "box"))
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    verb("init", "--clinic", "Chak 14")
    verb("hospital", "init", "--broker-host", "mqtt.example", "--url", "http://desk.example")
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def verb(*words: str, typed: str = "", expect: int = 0) -> dict[str, object]:
    done = CliRunner().invoke(main, [*words, "--json"], input=typed)
    assert done.exit_code == expect, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def claim(*more: str) -> str:
    return str(verb("hospital", "claim", "--clinic", "Chak 14", *more)["claim"])


def test_two_files_on_a_stick_enrol_a_box(stick: Path) -> None:
    text = claim()
    asked = verb("enrol", "--stick", str(stick), typed=text)
    assert verb("enrol", "--stick", str(stick), typed=text) == asked
    told = verb("hospital", "enrol", str(stick))["requests"]
    assert isinstance(told, list)
    [answered] = told
    assert answered["granted"] is True
    assert answered["fingerprint"] == asked["fingerprint"]
    joined = verb("enrol", "--stick", str(stick), typed=text)
    assert joined == {"clinic": "Chak 14", "broker": "mqtt.example:8883"}
    assert membership.load(Settings.load()) is not None
    listed = verb("hospital", "claims")["claims"]
    assert isinstance(listed, list)
    assert (listed[0]["state"], listed[0]["alarms"]) == ("used", 0)


def test_a_request_with_a_used_claim_is_refused_answered_and_counted(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = claim()
    verb("enrol", "--stick", str(stick), typed=text)
    verb("hospital", "enrol", str(stick))
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "other"))
    verb("init", "--clinic", "Chak 15")
    verb("enrol", "--stick", str(stick), typed=text)
    verb("hospital", "enrol", str(stick), expect=1)
    refused = verb("enrol", "--stick", str(stick), typed=text, expect=2)
    assert refused["kind"] == "claim-used"
    listed = verb("hospital", "claims")["claims"]
    assert isinstance(listed, list)
    assert listed[0]["alarms"] == 1


def test_what_is_no_request_is_said_and_does_not_stop_the_others(stick: Path) -> None:
    (stick / "healthpost-aaa.enrol").write_bytes(b"photo")
    (stick / "healthpost-link.enrol").symlink_to("/etc/passwd")
    verb("enrol", "--stick", str(stick), typed=claim())
    told = verb("hospital", "enrol", str(stick), expect=1)["requests"]
    assert isinstance(told, list)
    assert sorted(str(one["granted"]) for one in told) == ["False", "False", "True"]
    assert not (stick / "healthpost-aaa.enrolled").exists()


@pytest.mark.parametrize("where", ["desk", "broker"])
def test_a_claim_that_names_this_machine_is_made_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    reach = {"desk": ("--broker-host", "mqtt.example"), "broker": ("--url", "http://desk.example")}
    verb("hospital", "init", *reach[where])
    refused = verb("hospital", "claim", "--clinic", "Chak 14", expect=2)
    key = "desk.url" if where == "desk" else "broker.host"
    assert f"set {key} in" in str(refused["message"])
    assert claim("--this-machine").startswith("HP1:")
