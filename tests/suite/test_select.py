"""The suite's own rules: who begins first, what `--quick` leaves out, and who needs a browser."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import selection

ROOT = Path(__file__).parents[2]
INI = """[pytest]
asyncio_default_fixture_loop_scope = function
markers = system
    long
    timeout
"""


@pytest.fixture
def items(pytester: pytest.Pytester) -> list[pytest.Item]:
    pytester.makeini(INI)
    marks = {
        "a_plain": [],
        "b_long": ["long"],
        "c_system": ["system"],
        "d_slowest": ["system", "timeout(900)"],
    }
    for name, of_file in marks.items():
        listed = ", ".join(f"pytest.mark.{mark}" for mark in of_file)
        text = (
            f"import pytest\npytestmark = [{listed}]\ndef test_one(): pass\ndef test_two(): pass\n"
        )
        pytester.makepyfile(**{f"test_{name}": text})
    text = 'import pytest\n@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])\n'
    pytester.makepyfile(test_e_engines=text + "def test_one(engine): pass\n")
    collected, _ = pytester.inline_genitems()
    return collected


def test_what_may_take_longest_begins_first_and_files_stay_together(
    items: list[pytest.Item],
) -> None:
    files = [item.path.stem for item in selection.in_order(items)]
    begun = list(dict.fromkeys(files))
    assert begun == ["test_d_slowest", "test_c_system", "test_b_long", "test_a_plain",
                     "test_e_engines"]  # fmt: skip
    assert files == sorted(files, key=begun.index)


def test_what_is_left_out_is_counted_by_its_kind(items: list[pytest.Item]) -> None:
    kinds = Counter(why for item in items if (why := selection.left_out(item)))
    assert kinds == {"system": 4, "long": 2, "postgresql": 1}
    assert selection.in_words(kinds).startswith("quick: 7 tests were left out: 4 with real")


@pytest.mark.long
@pytest.mark.parametrize("folder", ["edge", "devices", "sync"])
def test_these_tests_need_no_browser(folder: str) -> None:
    block = "import sys; sys.modules['playwright'] = None; import pytest; raise SystemExit("
    code = f"{block}pytest.main(['--collect-only', '-n', '0', 'tests/{folder}']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
