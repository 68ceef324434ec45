"""A plugin of pytest for `trials.mutants`: which tests run which lines, and tests on mutants.

Environment: `HEALTHPOST_MUTANT_MAP` names the file of the map to make; `HEALTHPOST_MUTANT_JOB`
names a job to do. The tests are collected once; each mutant
gets a process of its own, forked from there, in which the changed function's code is exchanged. A
mutant outside of all functions needs the modules anew: `HEALTHPOST_MUTANT_IMPORT` is its name.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from trials.mutation import Mutant, mutants

ROOT = Path(__file__).parents[1]
LINES_FOR_S = 4.0
"""Lines are traced for so long in one test; a longer one counts for all lines of its functions."""
LEAST_S = 60.0
"""At least so long may the tests of one mutant take, and at most a multiple of the usual time."""
TIMES = 8
START_S = 120.0
"""What a new pytest may take to load the modules anew and collect, on a busy machine."""

DIED, LIVED = 1, 0


# --- the map: which test runs which lines -----------------------------------------------------


class Map:
    """Notes which lines of the traced files each test runs, and how long it takes."""

    def __init__(self, out: Path, files: Sequence[str]) -> None:
        self._out = out
        self._files = {str(ROOT / file): file for file in files}
        self._seen: dict[str, set[int]] = {}
        self._failed: set[str] = set()
        self._begun = 0.0
        self._tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Trace one test."""
        self._seen, self._begun = {}, time.monotonic()
        threading.settrace(self._call)
        sys.settrace(self._call)
        yield
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        lines = {file: sorted(found) for file, found in self._seen.items()}
        if lines:
            taken = round(time.monotonic() - self._begun, 3)
            self._tests[item.nodeid] = {"s": taken, "lines": lines}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Leave out a test that fails without any mistake: it would find every mutant."""
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write the map."""
        for name in self._failed:
            self._tests.pop(name, None)
        self._out.parent.mkdir(parents=True, exist_ok=True)
        sources = {
            name: Path(file).read_text(encoding="utf-8") for file, name in self._files.items()
        }
        found = {"sources": sources, "tests": self._tests}
        self._out.write_text(json.dumps(found), encoding="utf-8")

    def _call(self, frame: FrameType, event: str, arg: object) -> Any:
        file = self._files.get(frame.f_code.co_filename)
        if file is None:
            return None
        seen = self._seen.setdefault(file, set())
        if time.monotonic() - self._begun > LINES_FOR_S:
            seen.update(line for *_, line in frame.f_code.co_lines() if line)
            return None
        seen.add(frame.f_lineno)

        def line(frame: FrameType, event: str, arg: object) -> Any:
            seen.add(frame.f_lineno)
            return line

        return line


def read_maps(folder: Path) -> dict[str, Any]:
    """Return how long each test takes and which lines it runs: `{test: {"s", "lines"}}`.

    A module may have changed since: its lines are found again by what they say.
    """
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        moved = {name: _moved(name, source) for name, source in kept["sources"].items()}
        for test in kept["tests"].values():
            test["lines"] = {
                name: [moved[name][line] for line in lines if line in moved[name]]
                for name, lines in test["lines"].items()
            }
        found |= kept["tests"]
    return found


def _moved(file: str, before: str) -> dict[int, int]:
    """Return where each line of a module is now; a changed block stands for the whole of it."""
    old = before.splitlines()
    new = (ROOT / file).read_text(encoding="utf-8").splitlines()
    moved: dict[int, int] = {}
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for line in range(a, b):
            moved[line + 1] = min(c + line - a, max(c, d - 1)) + 1
    return moved


# --- mutants ----------------------------------------------------------------------------------


class Trial:
    """Runs, instead of all tests, each mutant's tests in a process of its own."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._file: str = job["file"]
        every = {m.name: m for m in mutants(ROOT, self._file)}
        self._mutants = [every[name] for name in job["names"]]
        self._map = read_maps(Path(job["maps"]))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the mutants; their names go to the job's file of those that lived."""
        items = {item.nodeid: item for item in session.items}
        self._prepare(items)
        for number, mutant in enumerate(self._mutants, start=1):
            began = time.monotonic()
            tests = self._tests_of(mutant, items)
            lived, by = self._try(mutant, tests)
            took = time.monotonic() - began
            word = "lived" if lived else "died"
            note = {"name": mutant.name, "line": mutant.line, "lived": lived, "by": by}
            with Path(self._job["results"]).open("a", encoding="utf-8") as out:
                out.write(json.dumps(note, ensure_ascii=False) + "\n")
            print(f"{number} {word} {took:.1f} s, {len(tests)} tests: {mutant.name}", flush=True)
        return True

    def _prepare(self, items: dict[str, pytest.Item]) -> None:
        """Run a quick test of each file, so that what all tests share is made only once."""
        first: dict[Path, pytest.Item] = {}
        for nodeid in sorted(self._map, key=lambda name: self._map[name]["s"]):
            own = self._map[nodeid]["s"] < 1 and self._file in self._map[nodeid]["lines"]
            if own and nodeid in items:
                first.setdefault(items[nodeid].path, items[nodeid])
        chosen = list(first.values())
        last = next((item for item in items.values() if item not in chosen), None)
        for item, after in zip(chosen, [*chosen[1:], last], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    def _tests_of(self, mutant: Mutant, items: dict[str, pytest.Item]) -> list[pytest.Item]:
        """Return the tests that run the line, the quickest first, for so long as the job allows."""
        found = []
        for nodeid, test in self._map.items():
            lines = test["lines"].get(self._file)
            if (
                lines
                and nodeid in items
                and "/test_catch_" not in nodeid
                and (mutant.function == "" or self._near(mutant, lines))
            ):
                found.append((test["s"], nodeid))
        chosen, taken = [], 0.0
        most = self._job["most"]
        for seconds, nodeid in sorted(found):
            taken += seconds
            if taken < most:
                chosen.append(items[nodeid])
        return chosen

    def _files(self) -> list[str]:
        """Return the quickest files with tests of the module: they may look at its constants."""
        totals: dict[str, float] = {}
        for nodeid, test in self._map.items():
            if self._file in test["lines"]:
                file = nodeid.partition("::")[0]
                totals[file] = totals.get(file, 0.0) + test["s"]
        chosen, taken = [], 0.0
        for file, seconds in sorted(totals.items(), key=lambda pair: pair[1]):
            taken += seconds
            if taken < self._job["most"]:
                chosen.append(file)
        return chosen

    @staticmethod
    def _near(mutant: Mutant, lines: Sequence[int]) -> bool:
        """Whether the changed line was run; of a statement of many lines, another one of them."""
        return any(mutant.first <= line <= mutant.last for line in lines)

    def _try(self, mutant: Mutant, tests: list[pytest.Item]) -> tuple[bool, str]:
        if not tests:
            return True, "no test"
        usual = sum(self._map[item.nodeid]["s"] for item in tests)
        limit = max(LEAST_S, TIMES * usual) + (0 if mutant.function else START_S)
        reading, writing = os.pipe()
        folder = tempfile.mkdtemp(prefix="hp-mutant-")
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.close(reading)
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            if mutant.function == "":
                _begin_anew(mutant, self._files(), writing)
            _run(mutant, tests, writing)
        os.close(writing)
        by, code = self._wait(child, reading, limit)
        shutil.rmtree(folder, ignore_errors=True)
        return code == LIVED, by

    @staticmethod
    def _wait(child: int, reading: int, limit: float) -> tuple[str, int]:
        """Wait for a mutant's process; what does not end in time has died by that."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            time.sleep(0.01)
        else:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            return "time", DIED
        with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
            by = pipe.read()
        lived = os.WIFEXITED(status) and os.WEXITSTATUS(status) == LIVED
        return by, LIVED if lived else DIED


def _run(mutant: Mutant, tests: Sequence[pytest.Item], writing: int) -> None:
    """Exchange the code and run the tests until one fails; does not return."""
    code = DIED
    try:
        _exchange(mutant)
        config = tests[0].config
        failed: list[str] = []

        class Watch:
            def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
                if report.failed:
                    failed.append(report.nodeid)

        config.pluginmanager.register(Watch())
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            config.pluginmanager.unregister(terminal)
        for item, after in zip(tests, [*tests[1:], None], strict=True):
            config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if failed:
                os.write(writing, failed[0].encode()[:400])
                break
        else:
            code = LIVED
    except BaseException as error:
        os.write(writing, repr(error).encode()[:400])
    finally:
        os._exit(code)


def _begin_anew(mutant: Mutant, files: Sequence[str], writing: int) -> None:
    """Become a new pytest whose imports meet the mutant; does not return."""
    os.set_inheritable(writing, True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEALTHPOST_MUTANT")}
    environment["HEALTHPOST_MUTANT_IMPORT"] = json.dumps([mutant.file, mutant.name])
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    command = [sys.executable, "-m", "pytest", "-x", "-p", "trials.mutant_tests", "-p", "no:xdist"]
    os.execve(sys.executable, [*command, *files], environment)


def _exchange(mutant: Mutant) -> None:
    """Give every function of the module the code that it has in the mutant."""
    file = str(ROOT / mutant.file)
    new = dict(_codes(compile(mutant.tree(ROOT), file, "exec")))
    old = dict(_codes(compile(ast.parse(Path(file).read_text(encoding="utf-8")), file, "exec")))
    changed = {key: code for key, code in new.items() if old.get(key) != code}
    done = 0
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == file:
            code = changed.get((function.__qualname__, function.__code__.co_firstlineno))
            if code is not None:
                function.__code__ = code
                done += 1
    if not done:
        raise SystemExit("nothing was exchanged")


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield (inner.co_qualname, inner.co_firstlineno), inner
            yield from _codes(inner)


class _Finder(MetaPathFinder):
    """Imports one module with a mutant in it."""

    def __init__(self, file: str, name: str) -> None:
        self._module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._mutant = next(m for m in mutants(ROOT, file) if m.name == name)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self._module:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None:
            spec.loader = _Loader(self._mutant, name)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, mutant: Mutant, module: str) -> None:
        super().__init__(module, str(ROOT / mutant.file))
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.tree(ROOT), self.path, "exec")


def pytest_configure(config: pytest.Config) -> None:
    """Do what the environment asks for."""
    if chart := os.environ.get("HEALTHPOST_MUTANT_MAP"):
        files = os.environ["HEALTHPOST_MUTANT_FILES"].split()
        config.pluginmanager.register(Map(Path(chart), files))
    if job := os.environ.get("HEALTHPOST_MUTANT_JOB"):
        config.pluginmanager.register(Trial(json.loads(Path(job).read_text(encoding="utf-8"))))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a server or a browser, which no mutant's process can share."""
    import selection

    items[:] = [i for i in items if selection.left_out(i) not in ("system", "postgresql")]


if _given := os.environ.get("HEALTHPOST_MUTANT_IMPORT"):
    sys.meta_path.insert(0, _Finder(*json.loads(_given)))
