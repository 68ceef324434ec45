"""What tests of several rooms share: a real box file and a clock."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import selection
import the_run
from hypothesis import HealthCheck, settings

from edge.model.clock import Clock
from edge.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# How long an example takes says something about the machine, nothing about the code.
PROFILE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("healthpost", PROFILE)
settings.load_profile("healthpost")

pytest_plugins = ["pytester"]
_left_out: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`: an answer in a minute; its last line says what it did not look at."""
    parser.addoption("--quick", action="store_true", help="leave out what takes long")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run, where all its workers start from."""
    if not hasattr(config, "workerinput"):
        the_run.begin()
    if config.getoption("--quick"):
        settings.register_profile("quick", parent=PROFILE, max_examples=selection.EXAMPLES)
        settings.load_profile("quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what may take long, or leave it out."""
    if config.getoption("--quick"):
        why = {item: selection.left_out(item) for item in items}
        _left_out.update(reason for reason in why.values() if reason)
        config.hook.pytest_deselected(items=[item for item in items if why[item]])
        items[:] = [item for item in items if not why[item]]
    items[:] = selection.in_order(items)


def pytest_runtest_setup() -> None:
    """Begin each test with the usual umask: a command run in this process takes a private one."""
    os.umask(0o022)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker tell what it left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker left out: each looks at all the tests, so one tells for all."""
    told = getattr(node, "workeroutput", {}).get("left_out", {})
    _left_out.update({kind: told[kind] - _left_out[kind] for kind in told})


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the workers share, when the last has gone."""
    if hasattr(config, "workerinput"):
        return
    if (the_run.folder() / "postgres").exists():
        import postgres

        postgres.stop_shared()
    the_run.end()
    if _left_out:
        print(selection.in_words(_left_out))


@pytest.fixture(scope="session")
def empty_box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a box that has a name and nothing else, to copy."""
    file = tmp_path_factory.mktemp("box") / "box.db"
    opened = Store.create(file, "box-test")
    opened.close()
    return file


@pytest.fixture
def box_file(tmp_path: Path, empty_box: Path) -> Path:
    """A box file of its own, on a real disk."""
    return Path(shutil.copy(empty_box, tmp_path / "box.db"))


@pytest.fixture
def store(box_file: Path) -> Iterator[Store]:
    """The open box file."""
    opened = Store.open(box_file)
    yield opened
    opened.close()


@pytest.fixture
def clock(store: Store) -> Clock:
    """The clock of the running boot."""
    return store.clock()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Only tests that ask for it need playwright."""
    from chromium import chromium

    with chromium() as running:
        yield running
