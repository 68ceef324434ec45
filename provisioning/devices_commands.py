"""`healthpost devices`: supported models, known devices, and captures of the bytes of a device."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from devices.capture.capture import (
    Capture,
    CaptureError,
    Chunk,
    MaskedCapture,
    dump,
    load,
    masked,
    parse_line,
)
from devices.capture.replay import SOUND, replay
from devices.catalogue import MODELS, SERIAL_PROTOCOLS
from devices.catalogue.serial_protocols import serial_row
from devices.catalogue.tables import line_text
from edge.equipment import controls, registry
from edge.settings.box_settings import home_folder, settings_file
from edge.store import issues
from provisioning.device_output import (
    Json,
    check_json,
    check_words,
    control_json,
    control_words,
    device_json,
    model_json,
    model_words,
    record_words,
)
from provisioning.errors import CommandFailed, InputError
from provisioning.output import open_box, say, speaks_json
from provisioning.pair_command import pair, unpair

_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_RAW_WARNING = (
    "warning: --raw writes every byte as it came. If the device knows who was measured, so will\n"
    "whoever opens this file: keep it on this machine and delete it when you are done."
)


_NEAR = frozenset({"not-paired", "not-added", "bond-stale"})


@click.group()
def devices() -> None:
    """Medical devices: what is understood, what was met, captures."""


@devices.command("list")
@speaks_json
def list_devices(as_json: bool) -> None:
    """List the models that are understood, the devices that this box has met, and those near it.

    Near and not read are those that wait to be paired or added: `healthpost devices pair ADDRESS`.
    """
    met, near = _met()
    rows = [model_json(model) for model in MODELS]
    lines = [model_words(model) for model in MODELS]
    lines += ["", "Met by this box:" if met else "This box has met no device."]
    lines += [f"  {d.model} ({d.link}, {d.address}): {d.state}" for d in met]
    lines += ["", "Near, and not read:"] if near else []
    lines += [f"  {issue.detail}: {issue.sentence()}" for issue in near]
    told = {
        "models": rows,
        "met": [device_json(d) for d in met],
        "near": [{"address": issue.detail, "why": issue.kind} for issue in near],
    }
    say(told, "\n".join(lines), as_json)


@devices.command()
@click.argument("target", metavar="PORT|BLE-ADDRESS")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A file to create.")
@click.option("--seconds", type=click.FloatRange(0.1, 86_400), default=60.0, show_default=True)
@click.option("--protocol", default="", help="What the device speaks; decides what is masked.")
@click.option("--line", default="", help='Line settings, like "2400 7E1".')
@click.option("--raw", is_flag=True, help="Write all bytes, patients' identities too.")
@speaks_json
def record(
    target: str, out: Path, seconds: float, protocol: str, line: str, raw: bool, as_json: bool
) -> None:
    """Record what a device sends, without sending it anything; Ctrl-C ends it early.

    Patients' identities are masked, for which the protocol of a cable must be known.
    """
    ble = _ADDRESS.fullmatch(target) is not None
    blank = _blank_capture(ble, protocol, line)
    _check_promise(blank, out, raw)
    if raw:
        click.echo(_RAW_WARNING, err=True)
    chunks = _record(target, blank, seconds)
    whole = replace(blank, chunks=tuple(chunks))
    result = MaskedCapture(whole, 0, 0) if raw else masked(whole)
    _write(out, result.capture)
    summary: Json = {
        "file": str(out),
        "reads": len(chunks),
        "bytes": len(whole.data),
        "masked": result.capture.masked,
        "masked_fields": result.fields,
        "bytes_not_understood": result.not_understood,
    }
    say(summary, record_words(summary), as_json)


@devices.command()
@click.argument("file", metavar="CAPTURE", type=click.Path(path_type=Path))
@click.option("--protocol", default="", help="Instead of the protocol that the capture names.")
@speaks_json
def check(file: Path, protocol: str, as_json: bool) -> None:
    """Replay a capture and say what comes of it; ends with 1 unless it is sound."""
    try:
        found = replay(load(_lines(file)), protocol)
    except CaptureError as error:
        raise InputError(error.kind, str(error)) from error
    say(check_json(found), check_words(found), as_json)
    sys.exit(0 if found.verdict == SOUND else 1)


@devices.command("controls")
@click.option("--limit", type=click.IntRange(1, 10_000), default=controls.SHOWN, show_default=True)
@speaks_json
def list_controls(limit: int, as_json: bool) -> None:
    """List quality control: what devices measured of control material, newest first."""
    with open_box() as (_, store):
        found, held = controls.newest(store, limit), controls.count(store)
    lines = [control_words(control) for control in found] or ["No control has been measured yet."]
    if held > len(found):
        lines.append(f"... and {held - len(found)} older ones: --limit {held} shows all.")
    answer = {"controls": [control_json(control) for control in found], "held": held}
    say(answer, "\n".join(lines), as_json)


devices.add_command(pair)
devices.add_command(unpair)


# --- listing -----------------------------------------------------------------------------------


def _met() -> tuple[list[registry.Device], list[issues.Issue]]:
    """Return the devices of this box, and the issues of those that no bond or person lets in."""
    if not settings_file(home_folder()).exists():
        return [], []
    with open_box() as (_, store):
        waiting = [one for one in issues.current(store) if one.kind in _NEAR]
        return registry.devices(store), waiting


# --- recording ---------------------------------------------------------------------------------


def _blank_capture(ble: bool, protocol: str, line: str) -> Capture:
    if ble:
        return Capture("ble", "", "", masked=False, chunks=())
    known = SERIAL_PROTOCOLS.get(protocol)
    if protocol and known is None:
        raise InputError(
            "unknown_protocol", f"{protocol!r} is none of {', '.join(SERIAL_PROTOCOLS)}"
        )
    usual = line_text(known.lines[0]) if known else "9600 8N1"
    try:
        settings = parse_line(line or usual)
    except CaptureError as error:
        raise InputError(error.kind, str(error)) from error
    return Capture("serial", protocol, line_text(settings), masked=False, chunks=())


def _check_promise(blank: Capture, out: Path, raw: bool) -> None:
    """Refuse before recording what could not be written afterwards."""
    if out.exists():
        raise InputError("file_exists", f"{out} exists; captures are never overwritten")
    if not out.absolute().parent.is_dir():
        raise InputError("no_folder", f"{out.absolute().parent} is no folder")
    row = serial_row(blank.protocol)
    maskable = blank.link == "ble" or (row is not None and row.can_be_masked)
    if not maskable and not raw:
        whose = blank.protocol or "an unknown protocol"
        raise InputError(
            "cannot_mask",
            f"nobody can say where the bytes of {whose} hold a patient's identity: name the"
            " device's --protocol, or use --raw and keep the file to yourself",
        )


def _record(target: str, blank: Capture, seconds: float) -> list[Chunk]:
    # Imported late: bleak and pyudev are slow to load, and no other verb here needs them.
    from devices.ble.link import LinkError
    from devices.capture import link
    from devices.serial.link import PortBusyError, PortError

    with _ctrl_c() as stopped:
        try:
            if blank.link == "ble":
                return asyncio.run(link.record_ble(target, seconds, stopped))
            return link.record_line(target, parse_line(blank.line), seconds, stopped)
        except PortBusyError as error:
            raise CommandFailed("port_busy", f"another program has {target}: {error}") from error
        except (PortError, LinkError, link.NotHeardError) as error:
            raise CommandFailed("not_recorded", f"{target}: {error}") from error


@contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """Have Ctrl-C end the recording, not the program: what came so far is written."""
    asked: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    except ValueError:  # not the main thread: nobody can press Ctrl-C here
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def _write(out: Path, capture: Capture) -> None:
    """Create the file for its owner alone, and have it whole or not at all."""
    fresh = out.with_name(f".{out.name}.part")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in dump(capture))
        os.link(fresh, out)
        fresh.unlink()
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CommandFailed("not_written", f"{out}: {error}") from error


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("no_file", f"{file} cannot be read: {error}") from error
