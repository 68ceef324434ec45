"""The package as it is installed: the wheel is whole, and each half works without the other."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from zipfile import ZipFile

import half_install
import pytest

from provisioning import cli, extras

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "web", "devices", "sync", "kiosk_ui", "provisioning", "hospital")
ROOMS = {
    "box": ("edge", "web", "devices", "sync", "kiosk_ui", "kiosk_ui.__main__", "provisioning"),
    "hospital": ("hospital", "web", "sync.core", "provisioning.cli"),
}
LOAD_ALL = """
import importlib, pkgutil, sys
for room in sys.argv[1:]:
    module = importlib.import_module(room)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), room + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""
START_KIOSK = """
import sys
from gettext import translation
from edge.settings.box_settings import Settings
from kiosk_ui import catalogs
from kiosk_ui.app import create_app
answer = create_app(Settings.load()).test_client().get("/")
held = [translation("messages", catalogs.FOLDER, [code]) for code in ("ur", "zh")]
words = [catalog.gettext("Patients") for catalog in held]
print(answer.status_code, *words, "babel" in sys.modules)
"""
WHEN_ASKED = {"pypinyin", "sqlite-utils"}
"""Loaded only when needed: for the first Chinese name, for a file that lacks its tables."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return half_install.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sites(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("sites")
    made = {half: folder / half for half in ROOMS}
    for half, site in made.items():
        half_install.install(wheel, f"{half}.lock", site)
    return made


def healthpost(site: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return half_install.run(site, "-m", "provisioning.cli", *words, home=home)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    held = set(ZipFile(wheel).namelist())
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {file for file in files if not file.endswith((".po", ".part"))} - held == set()
    catalogs = {file for file in held if file.endswith(".mo")}
    assert catalogs == {file.removesuffix("po") + "mo" for file in files if file.endswith(".po")}


def test_the_wheel_holds_nothing_of_an_earlier_build(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith(half_install.LEFT_OVER)] == []


def test_the_wheel_brings_its_documents_units_and_locks(wheel: Path) -> None:
    data = {name.partition(".data/data/")[2] for name in ZipFile(wheel).namelist()}
    pages = [ROOT / name for name in ("README.md", "CHANGELOG.md", "LICENSE")]
    docs = (ROOT / "docs").rglob("*.md")
    wanted = {f"share/doc/healthpost/{page.name}" for page in pages}
    wanted |= {f"share/doc/healthpost/{page.relative_to(ROOT)}" for page in docs}
    wanted |= {f"lib/systemd/system/{unit.name}" for unit in (ROOT / "deploy").glob("*.service")}
    wanted |= {"share/healthpost/box.lock", "share/healthpost/hospital.lock"}
    assert wanted - data == set()


def test_an_installed_kiosk_speaks_its_languages_and_writes_nothing(
    sites: Mapping[str, Path], tmp_path: Path
) -> None:
    site = sites["box"]
    made = healthpost(site, "init", "--clinic", "Chak 14", "--language", "ur", home=tmp_path)
    assert made.returncode == 0, made.stderr
    before = sorted((site / "kiosk_ui").rglob("*"))
    started = half_install.run(site, "-c", START_KIOSK, home=tmp_path)
    assert started.stdout.split() == ["200", "مریض", "患者", "False"], started.stderr
    assert sorted((site / "kiosk_ui").rglob("*")) == before


def test_a_box_works_without_the_hospital(sites: Mapping[str, Path], tmp_path: Path) -> None:
    made = healthpost(sites["box"], "init", "--clinic", "Chak 14", "--json", home=tmp_path)
    assert made.returncode == 0, made.stderr
    told = healthpost(sites["box"], "status", "--json", home=tmp_path)
    assert told.returncode == 0, told.stderr
    checked = healthpost(sites["box"], "checkup", "--json", home=tmp_path)
    assert "checks" in json.loads(checked.stdout), checked.stderr


def test_a_hospital_works_without_the_box(sites: Mapping[str, Path], tmp_path: Path) -> None:
    made = healthpost(sites["hospital"], "hospital", "init", "--json", home=tmp_path)
    assert made.returncode == 0, made.stderr
    claim = ("hospital", "claim", "--clinic", "Chak 14", "--this-machine")
    told = healthpost(sites["hospital"], *claim, home=tmp_path)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    ("half", "words", "extra"),
    [
        ("box", ["hospital", "claim", "--clinic", "Chak 14"], "hospital"),
        ("box", ["hospital", "--help"], "hospital"),
        ("box", ["demo", "--once"], "hospital"),
        ("hospital", ["init", "--clinic", "Chak 14"], "box"),
        ("hospital", ["devices", "list"], "box"),
        ("hospital", ["demo"], "box"),
    ],
)
def test_a_verb_of_the_missing_half_says_what_to_install(
    sites: Mapping[str, Path], tmp_path: Path, half: str, words: list[str], extra: str
) -> None:
    done = healthpost(sites[half], *words, home=tmp_path)
    wanted = f"healthpost: `healthpost {words[0]}` needs the extra `{extra}`"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(wanted)
    assert len(done.stderr.splitlines()) == 1
    in_json = healthpost(sites[half], *words, "--json", home=tmp_path)
    assert in_json.returncode == 2
    assert json.loads(in_json.stdout)["kind"] == "not-installed"


def test_help_lists_the_verbs_of_both_halves(sites: Mapping[str, Path], tmp_path: Path) -> None:
    for half, other in (("box", "hospital"), ("hospital", "box")):
        done = healthpost(sites[half], "--help", home=tmp_path)
        assert done.returncode == 0, done.stderr
        lines = {line.split()[0]: line for line in done.stdout.splitlines() if line[:2] == "  "}
        assert extras.VERBS.keys() <= lines.keys()
        for verb, needed in extras.VERBS.items():
            assert ("Not installed here" in lines[verb]) == (other in needed), lines[verb]


def test_each_verb_says_which_half_it_is_of() -> None:
    context = cli.main.make_context("healthpost", [], resilient_parsing=True)
    assert sorted(extras.VERBS) == cli.main.list_commands(context)


@pytest.mark.parametrize("half", ROOMS)
def test_a_half_installs_what_it_loads_and_nothing_else(
    sites: Mapping[str, Path], half: str
) -> None:
    done = half_install.run(sites[half], "-c", LOAD_ALL, *ROOMS[half])
    assert done.returncode == 0, done.stderr
    homes = packages_distributions()
    loaded = {plain(home) for name in done.stdout.split() for home in homes.get(name, ())}
    assert (required("") | required(half)) - WHEN_ASKED <= loaded


def test_the_locks_agree() -> None:
    versions: dict[str, set[str]] = {}
    for lock in ("box", "hospital", "runtime", "dev"):
        text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
    both = {*half_install.locked("box.lock"), *half_install.locked("hospital.lock")}
    assert both <= set(half_install.locked("runtime.lock"))


def required(extra: str) -> set[str]:
    """Return the packages that an extra asks for by name; of no extra: what both halves ask for."""
    pattern = re.compile(r"([\w.-]+)[^;]*(?:; extra == \"(\w+)\")?")
    found = [pattern.match(text) for text in requires("healthpost") or ()]
    return {plain(match[1]) for match in found if match and (match[2] or "") == extra}


def plain(name: str) -> str:
    return name.lower().replace("_", "-")
