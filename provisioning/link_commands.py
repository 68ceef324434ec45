"""`healthpost link …` and `healthpost bundle …`: trace, poison records, keys, USB bundles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from edge.model.errors import NotFound
from edge.settings.box_settings import Settings
from edge.store import poison
from edge.store.store import Store
from provisioning.errors import CommandFailed, InputError
from provisioning.output import box_home, open_box, say, speaks_json
from sync.bundles import bundle_format, read_answer, write
from sync.bundles.bundle_format import BundleError, Closing, Outline
from sync.bundles.read_answer import AnswerResult
from sync.courier import trace
from sync.frames.framing import MAX_RECORD_BYTES
from sync.keys import keys, membership
from sync.keys.keys import BoxKeys, KeyFileError
from sync.keys.membership import Membership


@click.group()
def link() -> None:
    """The line to the hospital: its record of frames, and records that cannot travel."""


@link.command("trace")
@click.option("--last", type=int, default=100, show_default=True, help="So many lines.")
@speaks_json
def show_trace(last: int, as_json: bool) -> None:
    """Print the latest frames: when, which way, what, how large. No patient data."""
    lines = trace.read(Settings.load(box_home()).home)[-last:]
    text = "\n".join(f"{_utc(frame.at_ms)}  {frame.words()}" for frame in lines)
    frames = [asdict(frame) for frame in lines]
    say({"frames": frames}, text or "Nothing went over the link yet.", as_json)


@link.command("poison")
@click.option("--repair", "entry", type=int, metavar="ID", help="Append this record anew.")
@speaks_json
def show_poison(entry: int | None, as_json: bool) -> None:
    """List records that could not be sent, or repair one: its long texts are cut if need be."""
    with open_box() as (_, store):
        if entry is not None:
            _repair(store, entry)
        records = poison.listed(store)
    rows = [asdict(record) | {"lane": str(record.lane)} for record in records]
    text = "\n".join(
        f"{record.entry}  lane {record.lane}  {record.size:,} bytes  {record.why}"
        + (f"  repaired as {record.repaired_as}" if record.repaired_as else "")
        for record in records
    )
    say({"records": rows}, text or "Every record can be sent.", as_json)


@link.command("keys")
@speaks_json
def show_keys(as_json: bool) -> None:
    """Print the ids of the keys in use, and of those that the hospital has still to take."""
    settings = Settings.load(box_home())
    with _in_words():
        current, new = keys.BoxKeys.load(settings.keys), keys.following(settings.keys)
    ids = {"keys": _ids(current), "next": None if new is None else _ids(new)}
    text = f"In use: {_ids(current)}"
    say(
        ids,
        text if new is None else f"{text}\nNot yet taken by the hospital: {_ids(new)}",
        as_json,
    )


@link.command("renew-keys")
@speaks_json
def renew_keys(as_json: bool) -> None:
    """Make new keys to sign and open with; they are used when the hospital has taken them."""
    settings = Settings.load(box_home())
    with _in_words():
        new = keys.prepare(settings.keys)
    words = "New keys are made. The hospital is told of them by the line or the next stick."
    say({"next": _ids(new)}, words, as_json)


def _ids(pair: BoxKeys) -> str:
    return f"{keys.kid(pair.public.sign).hex()}-{keys.kid(pair.public.decrypt).hex()}"


def _repair(store: Store, entry: int) -> None:
    try:
        poison.repair(store, store.clock().now(), entry, MAX_RECORD_BYTES)
    except NotFound as error:
        raise InputError("record", str(error)) from error


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(" ", "milliseconds")


@click.group("bundle")
def bundles() -> None:
    """Records by hand: a stick to the hospital, and its answer back."""


_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@bundles.command("write")
@click.argument("folder", type=_FOLDER)
@speaks_json
def write_bundle(folder: Path, as_json: bool) -> None:
    """Write what waits into FOLDER, sealed to the hospital."""
    with open_box() as (settings, store), _in_words():
        now = store.clock().now()
        made = write.write(store, settings, _member(settings), now, folder)
    summary = {"file": str(made.file), "records": made.records, "bytes": made.size}
    summary |= {"files": made.files, "left": made.left}
    words = f"{made.records:,} records and {made.files:,} files in {made.file.name}."
    words += " They count as waiting until the hospital's answer has been read here."
    if made.left:
        words += (
            f"\n{made.left:,} records or files found no room:"
            " take a larger stick, or bring them after the next answer."
        )
    say(summary, words, as_json)


@bundles.command("read")
@click.argument("folder", type=_FOLDER)
@speaks_json
def read_bundle(folder: Path, as_json: bool) -> None:
    """Take in the hospital's answer from FOLDER."""
    with open_box() as (settings, store), _in_words():
        now = store.clock().now()
        result = read_answer.read(store, settings, _member(settings), now, folder)
    say(asdict(result), _answered(result), as_json)


def _answered(result: AnswerResult) -> str:
    words = [f"{result.confirmed:,} more records are confirmed by the hospital."]
    if result.epoch is not None:
        words = ["The hospital asks for everything again: write a new bundle."]
    if result.told:
        words.append("There is news for this clinic.")
    if result.commands:
        words.append(f"{result.commands} orders of the hospital are carried out.")
    if result.damaged or not result.whole:
        words.append("The answer is damaged or cut off; what is whole was taken.")
    return "\n".join(words)


@bundles.command("show")
@click.argument("folder", type=_FOLDER)
@speaks_json
def show_bundles(folder: Path, as_json: bool) -> None:
    """Say what lies in FOLDER: from and for whom, how many records, how large."""
    with _in_words():
        outlines = [
            *bundle_format.found(folder, bundle_format.UP),
            *bundle_format.found(folder, bundle_format.DOWN),
        ]
        refused = [
            *bundle_format.unreadable(folder, bundle_format.UP),
            *bundle_format.unreadable(folder, bundle_format.DOWN),
        ]
    rows = [_outline(outline) for outline in outlines]
    lines = [f"{r['file']}: {r['words']}" for r in rows] + [f"No bundle: {r}" for r in refused]
    output = {"bundles": rows, "refused": refused}
    say(output, "\n".join(lines) or f"There is no bundle in {folder}.", as_json)


def _outline(bundle: Outline) -> dict[str, object]:
    header, closing = bundle.opening, bundle.closing
    carries = "cut off" if closing is None else _spans(closing)
    whose = (
        f"from box {header.box_id}"
        if header.way == bundle_format.UP
        else f"answer to box {header.box_id}"
    )
    words = f"{whose}, {carries}, {bundle.size:,} bytes, written {_utc(header.made_ms)}"
    lanes = {} if closing is None else {lane: list(s) for lane, s in closing.lanes.items()}
    return {
        "file": bundle.file.name,
        "way": header.way,
        "box": header.box_id,
        "hospital": header.hospital.hex(),
        "epoch": header.epoch,
        "lanes": lanes,
        "files": 0 if closing is None else closing.files,
        "whole": closing is not None,
        "bytes": bundle.size,
        "words": words,
    }


def _spans(closing: Closing) -> str:
    spans = [f"lane {k} {first:,}…{last:,}" for k, (first, last) in sorted(closing.lanes.items())]
    files = f"{closing.files:,} files" if closing.files else ""
    return ", ".join([*spans, *filter(None, [files])]) or f"{closing.frames:,} parts"


def _member(settings: Settings) -> Membership:
    member = membership.load(settings)
    if member is None:
        raise InputError("not-enrolled", "this box is not enrolled: nobody could read the bundle")
    return member


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (BundleError, KeyFileError) as error:
        raise CommandFailed("bundle", str(error)) from error
