"""Healthpost: an offline-first clinic appliance."""

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
DOCUMENTS = Path("share/doc/healthpost")


def files(pattern: str) -> list[str]:
    """Return the files of a pattern, as paths below this folder."""
    return sorted(str(file.relative_to(HERE)) for file in HERE.glob(pattern))


def documents() -> list[tuple[str, list[str]]]:
    """Return where each page goes; pictures stay in the repository."""
    pages = [*files("*.md"), "LICENSE", *files("docs/**/*.md")]
    folders = {str(Path(page).parent) for page in pages}
    return [
        (str(DOCUMENTS / folder), [page for page in pages if str(Path(page).parent) == folder])
        for folder in sorted(folders)
    ]


class BuildWithCatalogs(build_py):
    """Compiles the translations: what is installed holds .mo files and no .po."""

    def run(self) -> None:
        if not self.editable_mode:  # an earlier build has left modules here that are gone now
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        sys.path.insert(0, str(HERE))
        from kiosk_ui import catalogs

        if self.editable_mode:
            catalogs.compile_all()
            return
        for po in catalogs.sources():
            catalogs.write_mo(po, Path(self.build_lib, po.relative_to(HERE)).with_suffix(".mo"))


setup(
    name="healthpost",
    version="0.2.0",
    description="An offline-first clinic appliance: devices in, people in front, hospital behind",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    package_dir={"": "."},
    cmdclass={"build_py": BuildWithCatalogs},
    packages=find_packages(
        include=["edge*", "web*", "devices*", "sync*", "kiosk_ui*", "provisioning*", "hospital*"]
    ),
    include_package_data=False,
    package_data={
        "edge": [
            "py.typed",
            "care/*.toml",
            "care/programmes/*.toml",
            "rules/*.toml",
            "rules/charts/*.txt",
            "rules/lms/*.txt",
            "rules/tables/*.toml",
            "visits/*.toml",
            "readings/*.toml",
            "dangers/*.toml",
            "medicines/*.toml",
            "notifications/*.toml",
            "stock/*.toml",
        ],
        "web": ["py.typed", "static/*"],
        "devices": ["py.typed"],
        "sync": ["py.typed"],
        "provisioning": ["py.typed"],
        "hospital": ["py.typed", "desk/templates/*.html", "desk/static/*"],
        "kiosk_ui": [
            "py.typed",
            "pages/*.html",
            "static/*",
            "static/*/*",
        ],
    },
    data_files=[
        *documents(),
        ("share/healthpost", ["requirements/box.lock", "requirements/hospital.lock"]),
        ("lib/systemd/system", files("deploy/*.service")),
    ],
    # What both halves load; a test compares these lists with the imports.
    install_requires=[
        "anyascii>=0.3.3",
        "argon2-cffi>=25.1",
        "cbor2>=6.2,<7",
        "click>=8.5",
        "cryptography>=47",
        "Flask>=3.1",
        "jellyfish>=1.3",
        "paho-mqtt>=2.2,<3",
        "sqlite-utils>=4.2,<5",
        "tomlkit>=0.13",
        "uuid-utils>=1.2",
        "waitress>=3.0",
        "zstandard>=0.25",
    ],
    extras_require={
        "box": [
            "APScheduler>=3.11,<4",
            "bleak>=3.1,<4",
            "dbus-fast>=5.2",
            "pypinyin>=0.55",
            "pyserial>=3.5",
            "pyudev>=0.24",
        ],
        "hospital": [
            "iotcore>=0.4,<0.5",
            "msgspec>=0.23,<0.24",
            "psycopg[binary]>=3.3,<4",
            "segno>=1.6",
        ],
        "dev": [
            "Babel>=2.17",
            "cogapp>=3.6",
            "grimp>=3.14",
            "hypothesis>=6.170",
            "import-linter>=2.16",
            "mypy>=2.4",
            "pip-licenses>=5.5",
            "playwright>=1.65",
            "pytest>=9.2",
            "pytest-asyncio",
            "pytest-timeout",
            "pytest-xdist>=3.8",
            "ruff>=0.17",
        ],
    },
    entry_points={
        "console_scripts": ["healthpost=provisioning.cli:main"],
        # The import law keeps provisioning and hospital apart; the command finds its verbs here.
        "healthpost.commands": [
            "bundle=provisioning.link_commands:bundles",
            "decode=provisioning.decode:decode",
            "devices=provisioning.devices_commands:devices",
            "hospital=hospital.cli.commands:hospital",
            "link=provisioning.link_commands:link",
            "programmes=provisioning.programmes_commands:programmes",
        ],
    },
)
