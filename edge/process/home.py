"""Whose home folder this is: every command and process acts as its owner, and as nobody else.

A file that root made in a box's home could not be read by the service, which would then say that
its keys are damaged. So root becomes the owner before anything is touched, and another user is
refused. What is made is for the owner alone, whatever the umask was.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from edge.model.errors import SettingsError
from edge.store import durable

PRIVATE_UMASK = 0o077
PRIVATE_FOLDER = 0o700
OTHERS = 0o077
"""The mode bits that let a group or everybody in."""


class HomeRefused(SettingsError):
    """This user may not work in this home; the text names the user who may."""

    kind = "owner"


@dataclass(frozen=True, slots=True)
class Service:
    """Where a systemd unit of ours has its home, and as which user it runs."""

    home: Path
    user: str


def act_as_owner(home: Path) -> None:
    """Become the owner of `home` for the rest of the process; files are made for it alone.

    Nothing but the umask changes where there is no such folder. Raises `HomeRefused` when the home
    is somebody else's and we are not root.
    """
    os.umask(PRIVATE_UMASK)
    try:
        owner = home.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise HomeRefused(f"{user_name(os.geteuid())} may not look into {home}") from error
    if owner == os.geteuid():
        return
    if os.geteuid() != 0:
        raise HomeRefused(
            f"{home} belongs to the user {user_name(owner)}: run this as that user or as root"
        )
    _become(owner, home)


def make_home(home: Path, service: Service) -> None:
    """Make a new home, or take an empty one, and act as its owner; raises `HomeRefused`, `OSError`.

    Where root makes the home of the service, it belongs to the user of the service.
    """
    os.umask(PRIVATE_UMASK)
    if not home.is_dir():
        try:
            durable.make_folder(home, PRIVATE_FOLDER)
        except (FileExistsError, NotADirectoryError) as error:
            raise HomeRefused(f"{error.filename} is a file: a home is a folder") from error
        except (FileNotFoundError, PermissionError) as error:
            who = user_name(os.geteuid())
            raise HomeRefused(f"no folder {home} can be made by the user {who}") from error
        user = _entry(service.user) if home == service.home and os.geteuid() == 0 else None
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
    act_as_owner(home)
    home.chmod(PRIVATE_FOLDER)


def open_to_others(home: Path) -> list[Path]:
    """Return the files and folders of a home, itself included, that others can read or write."""
    inside = (Path(folder) / name for folder, folders, files in os.walk(home)
              for name in (*folders, *files))  # fmt: skip
    return [path for path in (home, *inside) if _is_open(path)]


def close_to_others(home: Path) -> None:
    """Take away what others may do in a home that an earlier release made; raises `OSError`."""
    for path in open_to_others(home):
        path.chmod(path.stat().st_mode & ~OTHERS)


def user_name(uid: int) -> str:
    """Return the name of a user, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _is_open(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(path.stat().st_mode & OTHERS)
    except OSError:  # gone meanwhile, or not ours to look at: another check says so
        return False


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _become(uid: int, home: Path) -> None:
    """Give up root for good: also what a library opens later is opened as the owner."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        group = home.stat().st_gid
        os.setgroups([group])
    else:
        group = user.pw_gid
        os.initgroups(user.pw_name, group)
        os.environ.update({"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name})
    os.setgid(group)
    os.setuid(uid)
