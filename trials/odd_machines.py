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

ROOT = Path(__file__).parents[1]
FAKETIME = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1")
UP_S = 5
"""How long the machine just booted says that it has been up."""

CERTIFICATES_EARLIER_D = 29
"""The broker runs by the true clock; a new certificate is valid for it when not more days ahead."""

WORKERS = 2


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
    now = (time.clock_gettime(c) for c in (time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC))
    boot, monotonic = (str(UP_S - int(seconds)) for seconds in now)
    before = ("unshare", "--time", "--boottime", boot, "--monotonic", monotonic, "--fork")
    tried = subprocess.run([*before, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Refused(tried.stderr.strip())
    return Machine(before)


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
    if not FAKETIME.exists():
        raise Refused(f"no {FAKETIME} (apt-get install faketime)")
    faked = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_ONLY_CMDS": Path(sys.executable).name,
        "TZ": "UTC",
    }
    return Machine(environment=faked, apart=True)


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
    print(f"{name:<13} {_counts(log.read_text())} in {took_s:.0f} s: {log}", flush=True)
    return passed


def _all(machine: Machine, tests: Sequence[str], log: Path) -> bool:
    workers = ("-n", str(WORKERS), "--dist", "loadfile")
    return _pytest(machine, (*workers, *tests), machine.environment, log)


def _each_file_apart(machine: Machine, tests: Sequence[str], log: Path) -> bool:
    def run(file: str) -> bool:
        environment = {**machine.environment, "FAKETIME": f"{_until_month_end_s():+.0f}"}
        return _pytest(machine, (file,), environment, log)

    with ThreadPoolExecutor(WORKERS) as pool:
        return all(list(pool.map(run, _files(tests))))


def _pytest(
    machine: Machine, arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> bool:
    command = [*machine.before, sys.executable, "-m", "pytest", *arguments]
    run = subprocess.run(
        command,
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    with log.open("ab") as kept:
        kept.write(run.stdout)
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
