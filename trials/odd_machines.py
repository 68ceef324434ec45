"""`scripts/trials odd-machines [--only NAME]… [pytest arguments]`: the suite on odd machines.

No test may depend on how long the machine has been up, on its time of day, its time zone, its
locale or its other load. Each condition runs the given tests (all of them when none are given) and
prints one line; the whole output of each is kept in a file that the line names. A condition that
this machine refuses (no right to make a time namespace, no libfaketime) is said to be refused, and
the trial then does not pass.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).parents[1]
FAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1")
SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
UP_S = 5
"""How long the machine just booted says that it has been up."""

CERTIFICATES_EARLIER_D = 29
"""The broker keeps the true clock, and a new certificate is valid for so many days before."""

WORKERS = 2

_PLAIN_SLEEP = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    return syscall(SYS_clock_nanosleep, clock, flags, until, left) == 0 ? 0 : errno;
}
"""


class Refused(Exception):
    """This machine cannot be made odd in that way; the text says why."""


@dataclass(frozen=True, slots=True)
class Machine:
    """How pytest is run: `before` stands in front of the command, `apart` starts each file anew."""

    before: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[], AbstractContextManager[None]] = nullcontext
    apart: bool = False


def just_booted() -> Machine:
    """Return a machine whose boot clock began `UP_S` ago: tests run in a time namespace."""
    boot = f"--boottime={_offset_s(time.CLOCK_BOOTTIME, 'boottime')}"
    monotonic = f"--monotonic={_offset_s(time.CLOCK_MONOTONIC, 'monotonic')}"
    may = () if os.geteuid() == 0 else ("--map-current-user",)
    before = ("unshare", *may, "--time", boot, monotonic, "--fork")
    tried = subprocess.run([*before, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Refused(tried.stderr.strip())
    return Machine(before)


def _offset_s(clock: int, name: str) -> int:
    """Return by what this clock must differ from the machine's own to stand at `UP_S` now."""
    offsets = Path("/proc/self/timens_offsets")  # not zero when this is such a machine already
    lines = offsets.read_text().splitlines() if offsets.exists() else []
    here_s = sum(int(line.split()[1]) for line in lines if line.split()[0] == name)
    return UP_S + here_s - int(time.clock_gettime(clock))


def in_zone(zone: str) -> Callable[[], Machine]:
    """Return what makes a machine of this time zone."""
    return lambda: Machine(environment={"TZ": zone})


def in_locale(name: str) -> Callable[[], Machine]:
    """Return what makes a machine of this locale, which is compiled into a folder of its own."""

    def made() -> Machine:
        folder = Path(tempfile.gettempdir()) / "healthpost-locales"
        folder.mkdir(exist_ok=True)
        language, charset = name.split(".")
        command = ["localedef", "-i", language, "-f", charset, str(folder / name)]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        if not (folder / name).exists():
            raise Refused(f"{tried.stderr.strip()} (apt-get install locales)")
        spoken = {"LOCPATH": str(folder), "LC_ALL": name, "LANG": name, "LANGUAGE": language}
        return Machine(environment=spoken)

    return made


def in_plain_locale() -> Machine:
    """Return a machine that was never told a language."""
    return Machine(environment={"LANG": "C", "LC_ALL": "C"})


def at_month_end() -> Machine:
    """Return a machine where each file of tests begins ten seconds before a month ends (UTC).

    Only our own processes are told so: browser, broker and PostgreSQL keep the true clock.
    """
    return Machine(environment={**_faked(), "TZ": "UTC"}, apart=True)


def years_later() -> Machine:
    """Return a machine three years from now; the broker knows, as certificates begin then."""
    later = {"FAKETIME": "+1095d", "FAKETIME_ONLY_CMDS": f"{Path(sys.executable).name},mosquitto"}
    return Machine(environment={**_faked(), **later})


def _faked() -> dict[str, str]:
    """Return what makes libfaketime tell our own processes another time, by FAKETIME.

    The browser does not start with the library loaded, and PostgreSQL, which runs as another user,
    may not share its memory: the programs that start them (node, runuser) drop it first.
    """
    if not FAKETIME.exists():
        raise Refused(f"no {FAKETIME} (apt-get install faketime)")
    folder = Path(tempfile.mkdtemp(prefix="healthpost-faked-"))
    node, _ = compute_driver_executable()
    for name, program in (("node", node), ("runuser", shutil.which("runuser", path=SYSTEM))):
        (folder / name).write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec "{program}" "$@"\n')
        (folder / name).chmod(0o755)
    return {
        "LD_PRELOAD": f"{_plain_sleep(folder)}:{FAKETIME}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_ONLY_CMDS": Path(sys.executable).name,
        "PLAYWRIGHT_NODEJS_PATH": str(folder / "node"),
        "PATH": f"{folder}:{os.environ['PATH']}",
    }


def _plain_sleep(folder: Path) -> Path:
    """Make the library that keeps sleeping away from libfaketime; return its file.

    libfaketime (0.9.10) refuses to sleep until a moment that has passed meanwhile, which happens to
    short sleeps on a busy machine and makes `time.sleep` raise an error.
    """
    source, library = folder / "sleep.c", folder / "sleep.so"
    source.write_text(_PLAIN_SLEEP)
    command = ["cc", "-shared", "-fPIC", "-o", str(library), str(source)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused(f"a C compiler is needed (apt-get install gcc libc6-dev): {error}") from error
    return library


def busy() -> Machine:
    """Return a machine with one process a core that takes all it can get."""
    return Machine(beside=_one_busy_process_a_core)


CONDITIONS: tuple[tuple[str, Callable[[], Machine]], ...] = (
    ("just-booted", just_booted),
    ("kathmandu", in_zone("Asia/Kathmandu")),
    ("kiritimati", in_zone("Pacific/Kiritimati")),
    ("turkish", in_locale("tr_TR.UTF-8")),
    ("urdu", in_locale("ur_PK.UTF-8")),
    ("plain-locale", in_plain_locale),
    ("month-end", at_month_end),
    ("years-later", years_later),
    ("busy", busy),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tests under each condition; return 0 when every one passed."""
    parser = argparse.ArgumentParser(prog="scripts/trials odd-machines", description=__doc__)
    names = [name for name, _ in CONDITIONS]
    parser.add_argument("--only", action="append", choices=names, help="may be given again")
    chosen, tests = parser.parse_known_args(arguments)
    if not _files(tests):
        parser.error("pytest finds no tests for these arguments")
    folder = Path(tempfile.mkdtemp(prefix="healthpost-odd-machines-"))
    passed = True
    for name, make in CONDITIONS:
        if not chosen.only or name in chosen.only:
            passed &= _tried(name, make, tests, folder / f"{name}.log")
    return 0 if passed else 1


def _tried(name: str, make: Callable[[], Machine], tests: Sequence[str], log: Path) -> bool:
    began = time.monotonic()
    try:
        machine = make()
    except Refused as refusal:
        print(f"{name:<13} refused: {refusal}", flush=True)
        return False
    with machine.beside():
        passed = (
            _each_file_apart(machine, tests, log) if machine.apart else _all(machine, tests, log)
        )
    took_s = time.monotonic() - began
    print(
        f"{name:<13} {_counts(log.read_text(errors='replace'))} in {took_s:.0f} s: {log}",
        flush=True,
    )
    return passed


def _all(machine: Machine, tests: Sequence[str], log: Path) -> bool:
    workers = ("-n", str(WORKERS), "--dist", "loadfile")
    return _pytest(machine, (*workers, *tests), machine.environment, log)


def _each_file_apart(machine: Machine, tests: Sequence[str], log: Path) -> bool:
    options = [one for one in tests if not one.startswith("tests")]

    def run(file: str) -> bool:
        wanted = [one for one in tests if one.startswith(file)] or [file]
        part = log.with_name(f"{log.stem}-{file.replace('/', '-')}.log")
        environment = {**machine.environment, "FAKETIME": f"{_until_month_end_s():+.0f}"}
        passed = _pytest(machine, (*wanted, *options), environment, part)
        with log.open("ab") as kept:
            kept.write(part.read_bytes())
        return passed

    with ThreadPoolExecutor(WORKERS) as pool:
        return all(list(pool.map(run, _files(tests))))


def _pytest(
    machine: Machine, arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> bool:
    command = [*machine.before, sys.executable, "-m", "pytest", *arguments]
    whole = os.environ | environment
    with log.open("wb") as kept:
        run = subprocess.run(command, env=whole, cwd=ROOT, stdout=kept, stderr=kept, check=False)
    return run.returncode == 0


def _until_month_end_s() -> float:
    """Return by how much the clock must differ to stand ten seconds before the end of a month."""
    now = datetime.now(UTC)
    this = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (this + timedelta(days=32)).replace(day=1)
    if end - now > timedelta(days=CERTIFICATES_EARLIER_D):
        end = this
    return (end - now).total_seconds() - 10


def _files(tests: Sequence[str]) -> list[str]:
    """Return the files of tests that pytest would run for these arguments."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return sorted({m[1] for m in re.finditer(r"^(tests/\S+?\.py)\b", listed, re.MULTILINE)})


def _counts(output: str) -> str:
    """Return what pytest's last lines of all runs add up to: 12 passed, 1 failed."""
    found: dict[str, int] = {}
    for line in re.findall(r"^\d+ .* in [\d.]+s\b", output, re.MULTILINE):
        for number, what in re.findall(r"(\d+) (passed|failed|error|skipped)", line):
            found[what] = found.get(what, 0) + int(number)
    return ", ".join(f"{number} {what}" for what, number in found.items()) or "nothing ran"


@contextmanager
def _one_busy_process_a_core() -> Iterator[None]:
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
