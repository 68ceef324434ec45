"""Checks of `healthpost checkup`: what the service's own user can do, and whether it runs."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from edge.model.errors import SettingsError
from edge.process import home_lock
from edge.process.home import open_to_others, user_name
from edge.process.start import os_words, resolve
from edge.settings.box_settings import DEFAULT_HOME, Settings
from edge.settings.setting import unknown
from edge.settings.toml_table import read_file
from provisioning.finding import FAIL, PASS, WARN, Finding

UNIT = "healthpost.service"
UNIT_FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    )
)
NO_ROWS = ("devices.port",)
"""Settings that are tables of their own (`edge.settings.box_settings.Port`)."""
FULL_MB = 5
"""With less a reading with its tables and the log of the file may find no room."""
SHOWN = 3
"""So many files are named; of more only the number."""
_LISTENS = "0A"  # a state in /proc/net/tcp (include/net/tcp_states.h)


def written(settings: Settings) -> Finding:
    """Whether each line of the settings file is a setting: a misspelt one has no effect."""
    raw = read_file(settings.file, SettingsError)
    strange = unknown(Settings, raw, NO_ROWS)
    if strange:
        text = f"without effect, for there is no such setting: {', '.join(strange)}"
        return Finding("settings", WARN, text)
    return Finding("settings", PASS, f"each line of {settings.file.name} is a setting")


def home(settings: Settings) -> Finding:
    """Whether all of the home is its owner's, writable, and closed to others."""
    own = settings.home.stat().st_uid
    strange = [path for path in _every(settings.home) if path.lstat().st_uid != own]
    if strange:
        owner = user_name(own)
        text = f"not of the user {owner}: {_named(strange)}; run as root:"
        return Finding("home", FAIL, f"{text} `chown -R {owner}: {settings.home}`")
    if os.statvfs(settings.home).f_flag & os.ST_RDONLY:
        return Finding("home", FAIL, f"the file system of {settings.home} can only be read")
    unusable = [path for path in _every(settings.home) if not _usable(path)]
    if unusable:
        return Finding("home", FAIL, f"cannot be written: {_named(unusable)}")
    shown = open_to_others(settings.home)
    if shown:
        text = f"open to other users: {_named(shown)}; `healthpost run` closes it"
        return Finding("home", WARN, text)
    return Finding("home", PASS, f"{settings.home} is for the user {user_name(own)} alone")


def service(settings: Settings) -> Finding:
    """Whether systemd runs the box as the user to whom its home belongs."""
    found = unit_of(settings.home, UNIT_FOLDERS)
    if found is None:
        return Finding("service", PASS, "no systemd unit has this home")
    owner = user_name(settings.home.stat().st_uid)
    if found != owner:
        text = f"{UNIT} runs as {found}, but {settings.home} belongs to {owner}; run as root:"
        return Finding("service", FAIL, f"{text} `chown -R {found}: {settings.home}`")
    return Finding("service", PASS, f"{UNIT} runs as {owner}, to whom the home belongs")


def running(settings: Settings) -> Finding:
    """Whether the box runs."""
    if home_lock.is_held(settings.home, "box") or home_lock.is_held(settings.home, "courier"):
        return Finding("running", PASS, "the box is running")
    return Finding("running", WARN, "the box is not running: `healthpost run` starts it")


def kiosk(settings: Settings) -> Finding:
    """Whether the kiosk has its port, or can have it."""
    where = f"{settings.kiosk_host}:{settings.kiosk_port}"
    pid = home_lock.held_by(settings.home, "kiosk")
    if pid and _listens(pid, settings.kiosk_port):
        return Finding("kiosk", PASS, f"the kiosk listens on {where}")
    try:
        _try_to_bind(settings.kiosk_host, settings.kiosk_port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "another program has it" if taken else os_words(error)
        return Finding("kiosk", FAIL, f"the kiosk cannot listen on {where}: {why}")
    if pid:
        return Finding("kiosk", FAIL, f"the kiosk runs, but does not listen on {where}")
    return Finding("kiosk", PASS, f"{where} is free for the kiosk")


def disk(settings: Settings) -> Finding:
    """Whether there is room for readings."""
    free_mb = shutil.disk_usage(settings.home).free // 1_000_000
    if free_mb < FULL_MB:
        return Finding("disk", FAIL, f"the disk is full: {free_mb:,} MB free")
    result = WARN if free_mb < settings.disk_low_mb else PASS
    return Finding("disk", result, f"{free_mb:,} MB free")


ALONE = (written, disk, home, service, running, kiosk)
"""The checks that need no file of the box: they also say why it may not open."""


def unit_of(box_home: Path, folders: Sequence[Path]) -> str | None:
    """Return the user of the systemd unit that has this home, None when there is none."""
    for folder in folders:
        parts = [folder / UNIT, *sorted((folder / f"{UNIT}.d").glob("*.conf"))]
        text = "\n".join(part.read_text("utf-8", "replace") for part in parts if part.is_file())
        if text:
            user, unit_home = _read_unit(text)
            return user if unit_home == box_home else None
    return None


def _read_unit(text: str) -> tuple[str, Path]:
    user, unit_home = "root", DEFAULT_HOME
    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        if key == "User" and value:
            user = value
        if key == "Environment":
            for word in shlex.split(value):
                name, _, setting = word.partition("=")
                unit_home = Path(setting) if name == "HEALTHPOST_HOME" else unit_home
    return user, unit_home


def _every(folder: Path) -> Iterator[Path]:
    yield folder
    for below, folders, files in os.walk(folder):
        yield from (Path(below) / name for name in (*folders, *files))


def _usable(path: Path) -> bool:
    wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    return path.is_symlink() or not path.exists() or os.access(path, wanted)


def _named(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(str(path) for path in paths[:SHOWN]) + more


def _try_to_bind(host: str, port: int) -> None:
    family, address = resolve(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _listens(pid: int, port: int) -> bool:
    """Whether a process of this user has a listening socket of the port (proc(5))."""
    held = set()
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                held.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    return any(f"socket:[{inode}]" in held for inode in _listening_inodes(port))


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS and int(words[1].rpartition(":")[2], 16) == port:
                    yield words[9]
