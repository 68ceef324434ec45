"""Throw-away PostgreSQL clusters for tests: their own folder, a unix socket, no network.

All tests of a run share one cluster (`shared`), each with a database of its own; who kills or
restores the server runs another (`cluster`).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import the_run

INSTALLED = Path("/usr/lib/postgresql")
USER = "postgres"

OPTIONS = (
    # No vacuum visits hundreds of databases that live for a second.
    "-c listen_addresses= -c autovacuum=off -c shared_buffers=32MB"
)

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
        self._prepared: dict[str, str] = {}

    def fresh(self) -> str:
        return self._made("TEMPLATE template0")

    def copy(self, name: str, prepare: Callable[[str], None]) -> str:
        """Return the address of a new database with what `prepare` puts into an empty one.

        `prepare` is called once for a name, and must have closed its connections.
        """
        if name not in self._prepared:
            address = self.fresh()
            prepare(address)
            self._prepared[name] = _name_in(address)
        return self._made(f"TEMPLATE {self._prepared[name]} STRATEGY file_copy")

    def _made(self, how: str) -> str:
        name = f"test_{os.getpid()}_{next(_databases)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {how}")  # type: ignore[arg-type]
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def replace(self, address: str, copy: Path) -> None:
        """Put what a copy holds in the place of a database, whoever is connected to it."""
        host, name = str(self.folder), _name_in(address)
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
        options = f"{OPTIONS} -c unix_socket_directories={self.folder}"
        options += "" if durable else " -c fsync=off"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        _as_postgres("pg_ctl", "start", "-D", data, "-l", log, "-o", options, "-w", "-s")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make, start and remove a cluster; fails loudly where PostgreSQL is not installed."""
    binaries()  # says what to install, before there is a folder to remove
    # Not below pytest's own folder, which the user postgres may not enter.
    folder = Path(tempfile.mkdtemp(prefix="hp-pg-"))
    try:
        made = _started(folder)
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shared() -> Cluster:
    """Return the cluster of this run, started by whichever worker asks first."""
    folder = the_run.folder() / "postgres"
    with the_run.alone("postgres"):
        if folder.exists():
            return Cluster(folder)
        folder.mkdir()
        return _started(folder)


def stop_shared() -> None:
    """End the cluster of this run, when there is one."""
    folder = the_run.folder() / "postgres"
    if folder.exists():
        Cluster(folder).stop()


def _started(folder: Path) -> Cluster:
    _give_to_postgres(folder)
    # Making a cluster takes a second of work, copying an empty one a tenth.
    subprocess.run(["cp", "-a", str(_empty()), str(folder / "data")], check=True)
    made = Cluster(folder)
    made.start()
    return made


def _empty() -> Path:
    """Return the data of a cluster that never ran, made once in a run."""
    folder = the_run.folder() / "postgres-empty"
    with the_run.alone("postgres-empty"):
        if not folder.exists():
            folder.mkdir()
            _give_to_postgres(folder)
            data = str(folder / "data")
            _as_postgres("initdb", "-D", data, "-U", USER, "-A", "trust", "-N")
    return folder / "data"


def _give_to_postgres(folder: Path) -> None:
    if os.getuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(folder, account.pw_uid, account.pw_gid)


def _name_in(address: str) -> str:
    return address.removeprefix(f"postgresql://{USER}@/").split("?")[0]


def _as_postgres(program: str, *arguments: str) -> str:
    command = [str(binaries() / program), *arguments]
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        command = ["runuser", "-u", USER, "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise AssertionError(f"{program} failed: {done.stdout}{done.stderr}")
    return done.stdout
