"""`healthpost programmes`: what is in use, and which line of a clinic's own file is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioning.programmes_commands import programmes

DOC = Path(__file__).parents[2] / "docs/how-to/write-a-programme.md"


def test_the_file_of_the_recipe_is_right_and_a_wrong_one_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path))
    folder = tmp_path / "programmes"
    folder.mkdir()
    text = DOC.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (folder / "asthma.toml").write_text(text)
    right = CliRunner().invoke(programmes, ["check"])
    assert (right.exit_code, right.output) == (0, "checked: 1, all right\n")
    told = json.loads(CliRunner().invoke(programmes, ["list", "--json"]).output)
    assert {"asthma", "hypertension"} <= {row["id"] for row in told["programmes"]}
    (folder / "asthma.toml").write_text(text.replace("days = 60", "days = -1"))
    wrong = CliRunner().invoke(programmes, ["check"])
    assert wrong.exit_code != 0
    assert "asthma.toml, line 14" in str(wrong.exception) + wrong.output
