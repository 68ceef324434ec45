"""Healthpost: an offline-first clinic appliance."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="healthpost",
    version="0.1.0",
    description="An offline-first clinic appliance: devices in, people in front, hospital behind",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    package_dir={"": "."},
    packages=find_packages(
        include=["edge*", "devices*", "sync*", "kiosk_ui*", "provisioning*", "hospital*"]
    ),
    include_package_data=False,
    package_data={
        "edge": ["py.typed", "rules/*.toml"],
        "devices": ["py.typed"],
        "sync": ["py.typed"],
        "provisioning": ["py.typed"],
        "hospital": ["py.typed", "desk/templates/*.html", "desk/static/*"],
        "kiosk_ui": [
            "py.typed",
            "pages/*.html",
            "static/*",
            "static/*/*",
            "translations/*/LC_MESSAGES/*.po",
            "translations/*/LC_MESSAGES/*.mo",
        ],
    },
    install_requires=[
        "anyascii>=0.3.3",
        "APScheduler>=3.11,<4",
        "argon2-cffi>=25.1",
        "Babel>=2.17",
        "bleak>=3.1,<4",
        "cbor2>=6.2,<7",
        "click>=8.5",
        "cryptography>=47",
        "dbus-fast>=5.2",
        "Flask>=3.1",
        "iotcore>=0.4,<0.5",
        "jellyfish>=1.3",
        "msgspec>=0.23,<0.24",
        "paho-mqtt>=2.2,<3",
        "psycopg[binary]>=3.3,<4",
        "pypinyin>=0.55",
        "pyserial>=3.5",
        "pyudev>=0.24",
        "segno>=1.6",
        "sqlite-utils>=4.2,<5",
        "tomlkit>=0.13",
        "uuid-utils>=1.2",
        "waitress>=3.0",
        "zstandard>=0.25",
    ],
    extras_require={
        "dev": [
            "cogapp>=3.6",
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
        ],
    },
)
