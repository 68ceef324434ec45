"""A throw-away PostgreSQL cluster for tests: its own folder, a unix socket, no network."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")
USER = "postgres"

_databases = count(1)


def binaries() -> Path:
    """Return the programs of the newest PostgreSQL that Debian's packages have installed."""
    found = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if not found:
        raise AssertionError("the tests need PostgreSQL: apt-get install postgresql")
    return found[-1].parent


class Cluster:
    """A running cluster; `fresh()` gives the address of an empty database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fresh(self) -> str:
        name = f"test_{next(_databases)}"
        _as_postgres("createdb", "-h", str(self.folder), name)
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def replace(self, address: str, copy: Path) -> None:
        """Put what a copy holds in the place of a database, whoever is connected to it."""
        host, name = str(self.folder), address.removeprefix(f"postgresql://{USER}@/").split("?")[0]
        _as_postgres("dropdb", "--force", "-h", host, "-U", USER, name)
        _as_postgres("createdb", "-h", host, "-U", USER, name)
        readable = self._readable(copy)
        _as_postgres("pg_restore", "-h", host, "-U", USER, "-d", name, str(readable))

    def streams_in(self, copy: Path) -> list[tuple[str, int, str, int, bytes]]:
        """Return what a copy holds of each stream: box, epoch, lane, last sequence, chain."""
        options = ("--data-only", "--table=stream", "--file=-")
        text = _as_postgres("pg_restore", *options, str(self._readable(copy)))
        rows = text.partition("COPY public.stream ")[2].partition("\n\\.")[0].splitlines()[1:]
        cells = [row.split("\t") for row in rows]
        return [(c[0], int(c[1]), c[2], int(c[3]), bytes.fromhex(c[4][3:])) for c in cells]

    def _readable(self, copy: Path) -> Path:
        readable = self.folder / copy.name
        shutil.copy(copy, readable)
        readable.chmod(0o644)
        return readable

    def stop(self, mode: str = "immediate") -> None:
        _as_postgres("pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", mode, "-s")

    def start(self, *, durable: bool = False) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        options += "" if durable else " -c fsync=off"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        _as_postgres("pg_ctl", "start", "-D", data, "-l", log, "-o", options, "-w", "-s")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make, start and remove a cluster; fails loudly where PostgreSQL is not installed."""
    binaries()  # says what to install, before there is a folder to remove
    # Not below pytest's own folder, which the user postgres may not enter.
    folder = Path(tempfile.mkdtemp(prefix="hp-pg-"))
    if os.getuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
    made = Cluster(folder)
    try:
        _as_postgres("initdb", "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-N")
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_postgres(program: str, *arguments: str) -> str:
    command = [str(binaries() / program), *arguments]
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        command = ["runuser", "-u", USER, "--", *command]
    elif program == "createdb":
        command += ["-U", USER]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise AssertionError(f"{program} failed: {done.stdout}{done.stderr}")
    return done.stdout
