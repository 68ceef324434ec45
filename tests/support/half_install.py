"""One half of Healthpost as `pip install` leaves it, without a network: our wheel, and what the
half's lock names, linked from the environment that runs the tests. Nothing else can be imported.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
LEFT_OVER = "gone_since_the_last_build.py"
"""A module that an earlier build in the same folder left behind."""

BUILD = """
import sys
from setuptools import build_meta
print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""


def build_wheel(folder: Path) -> Path:
    """Make the sdist of this checkout and the wheel of that sdist, as an installer does."""
    settings = folder / "build.cfg"
    settings.write_text(f"[egg_info]\negg_base = {folder}\n", encoding="utf-8")
    sdist = _build("build_sdist", ROOT, folder, settings)
    subprocess.run(["tar", "-xf", str(sdist), "-C", str(folder)], check=True)
    tree = folder / sdist.name.removesuffix(".tar.gz")
    (tree / "build/lib/edge").mkdir(parents=True)
    (tree / "build/lib/edge" / LEFT_OVER).touch()
    return _build("build_wheel", tree, folder, settings)


def locked(lock: str) -> list[str]:
    """Return the names of the packages in a lock file."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def install(wheel: Path, lock: str, site: Path) -> None:
    """Fill a folder with the wheel and with what the lock names for this machine."""
    with ZipFile(wheel) as packed:
        packed.extractall(site)
    for name in locked(lock):
        try:
            _link(distribution(name), site)
        except PackageNotFoundError:
            continue  # for another operating system or another Python


def run(site: Path, *arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python on what is in that folder and the standard library."""
    environment = dict(os.environ, PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    environment |= {"HEALTHPOST_HOME": str(home), "HEALTHPOST_HOSPITAL_HOME": str(home)}
    command = [sys.executable, "-S", "-P", *arguments]
    return subprocess.run(
        command, env=environment, cwd=site, capture_output=True, text=True, check=False
    )


def _build(step: str, tree: Path, folder: Path, settings: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, step, str(folder)],
        cwd=tree,
        env=dict(os.environ, DIST_EXTRA_CONFIG=str(settings)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def _link(package: Distribution, site: Path) -> None:
    for part in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        (site / part).symlink_to(Path(str(package.locate_file(part))))
