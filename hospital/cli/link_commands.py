"""`healthpost hospital`: commands for ledger, backup, restore, keys and bundles on USB sticks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from hospital.archive import Archive, copy_notes
from hospital.archive.copy_notes import CopyNote
from hospital.archive.errors import HospitalError
from hospital.bundles import answer, read
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.fleet import boxes, renewals, rotation
from hospital.fleet.authority import Authority
from hospital.receiving import backup, custody, ledger, unreadable
from sync.bundles import bundle_format
from sync.bundles.bundle_format import BundleError
from sync.keys.keys import HospitalKeys


@click.command("ledger")
@click.argument("box_id", metavar="BOX")
@speaks_json
def show_ledger(box_id: str, as_json: bool) -> None:
    """Print what is held of a box, to compare with `healthpost status` there."""
    with open_hospital() as (_, archive):
        lines = ledger.of(archive, box_id)
    text = "\n".join(
        f"epoch {stream.epoch}{'' if stream.current else ' (closed)'} lane {stream.lane}:"
        f" {stream.sentence()};"
        f" in the backup to {stream.safe:,}; the box told of {stream.told:,}"
        for stream in lines
    )
    output = {"box": box_id, "streams": [asdict(stream) for stream in lines]}
    say(output, text or f"Nothing has come from box {box_id} yet.", as_json)


@click.command("backup")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file, on a disk that outlives this machine.",
)
@click.option("--trust-place", is_flag=True, help="Promise safety although it is the same disk.")
@speaks_json
def make_backup(target: Path, trust_place: bool, as_json: bool) -> None:
    """Copy the archive, verify the copy, and tell the boxes what is safe by it."""
    with open_hospital() as (settings, archive):
        now_ms = _now_ms()
        made = backup.back_up(archive, target, now_ms, trusted=trust_place)
        note = CopyNote(str(made.file.absolute()), now_ms, made.records)
        copy_notes.remember(settings.home, note)
    output = {
        "file": str(made.file),
        "bytes": made.size,
        "records": made.records,
        "safe": made.promised,
    }
    words = f"{made.records:,} records copied to {made.file} and verified."
    if not made.promised:
        words += (
            "\nIt is on the archive's own disk, or nobody here can tell that it is on another one,"
            " so boxes keep what they have: name a place elsewhere, or say --trust-place."
        )
    say(output, words, as_json)


@click.command("backup-begin")
@speaks_json
def begin_backup(as_json: bool) -> None:
    """Note what is held, before a backup by other means (`pg_basebackup`, a snapshot) begins."""
    with open_hospital() as (_, archive):
        number = backup.begin(archive, _now_ms())
    words = f"Make the backup now; then `healthpost hospital backup-done {number} --place WHERE`."
    say({"number": number}, words, as_json)


@click.command("backup-done")
@click.argument("number", type=int)
@click.option("--place", required=True, help="Where it is: a disk that outlives this machine.")
@speaks_json
def finish_backup(number: int, place: str, as_json: bool) -> None:
    """Promise that backup NUMBER is complete and elsewhere; boxes are told what is safe by it."""
    with open_hospital() as (settings, archive):
        now_ms = _now_ms()
        records = backup.finish(archive, number, place, now_ms)
        copy_notes.remember(settings.home, CopyNote(place, now_ms, records))
    say({"safe": records}, f"{records:,} more records are safe by the backup in {place}.", as_json)


@click.command("restored")
@speaks_json
def restored(as_json: bool) -> None:
    """Say that the archive was brought back from a backup; boxes send what it lacks."""
    with open_hospital() as (_, archive):
        generation = custody.new_generation(archive)
    words = f"This is generation {generation} of the archive; boxes send what it lacks."
    say({"generation": generation}, words, as_json)


@click.command("reread")
@speaks_json
def reread(as_json: bool) -> None:
    """Try again to read the records that were kept because nobody could read them."""
    with open_hospital() as (settings, archive):
        tried = unreadable.try_again(archive, HospitalKeys.load(settings.keys))
    say(asdict(tried), f"{tried.read} records could be read by now, {tried.left} not.", as_json)


@click.command("rotate-key")
@speaks_json
def rotate_key(as_json: bool) -> None:
    """Change the key that boxes seal to, and tell them; the old one opens frames for 90 days."""
    with open_hospital() as (settings, archive):
        count = renewals.change_key(archive, settings.keys, _now_ms())
    say({"told": count}, f"The key is changed; {count} boxes are told of it.", as_json)


@click.command("renew-box-keys")
@click.argument("box_ids", metavar="[BOX]...", nargs=-1)
@speaks_json
def renew_box_keys(box_ids: tuple[str, ...], as_json: bool) -> None:
    """Order boxes, or all of them, to sign and open with new keys; the old count for 90 days."""
    with open_hospital() as (_, archive):
        active = [b.id for b in boxes.every(archive) if b.standing == boxes.ACTIVE]
        ordered = list(box_ids) or active
        for box_id in ordered:
            rotation.request_new_keys(archive, box_id, renewals.BY, _now_ms())
    say({"boxes": ordered}, f"{len(ordered)} boxes are ordered to renew their keys.", as_json)


@click.group("bundle")
def bundles() -> None:
    """Records by hand: read what boxes wrote on a stick, write the answers beside it."""


_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@bundles.command("read")
@click.argument("folder", type=_FOLDER)
@speaks_json
def read_bundles(folder: Path, as_json: bool) -> None:
    """Take in every box's bundles in FOLDER and write each box's answer beside them.

    What is refused is said, and does not stop the others; the exit code is 1 then.
    """
    taken: list[dict[str, object]] = []
    refused = bundle_format.unreadable(folder, bundle_format.UP)
    with open_hospital() as (settings, archive):
        keys, authority = HospitalKeys.load(settings.keys), Authority.open(settings.authority)
        for bundle in bundle_format.found(folder, bundle_format.UP):
            try:
                result = read.read_bundle(archive, keys, bundle.file, _now_ms(), authority)
                taken.append({"file": bundle.file.name, **asdict(result)})
            except (BundleError, HospitalError) as error:
                refused.append(f"{bundle.file.name}: {error}")
        answers = _answer(archive, keys, sorted({str(t["box_id"]) for t in taken}), folder)
    lines = [*map(_taken_words, taken), *(f"Refused: {text}" for text in refused)]
    lines += [f"Answer in {a['answer']}" for a in answers]
    output = {"taken": taken, "refused": refused, "answers": answers}
    say(output, "\n".join(lines) or f"There is no bundle in {folder}.", as_json)
    if refused:
        raise SystemExit(1)


@bundles.command("write")
@click.argument("folder", type=_FOLDER)
@click.argument("box_ids", metavar="[BOX]...", nargs=-1)
@speaks_json
def write_answers(folder: Path, box_ids: tuple[str, ...], as_json: bool) -> None:
    """Write fresh answers into FOLDER: to these boxes, or to all that ever came by hand."""
    with open_hospital() as (settings, archive):
        keys = HospitalKeys.load(settings.keys)
        answers = _answer(archive, keys, box_ids or answer.boxes_with_bundles(archive), folder)
    text = "\n".join(f"{a['box']}: answer in {a['answer']}" for a in answers)
    say({"answers": answers}, text or "No box ever came by hand.", as_json)


def _answer(
    archive: Archive, keys: HospitalKeys, box_ids: Sequence[str], folder: Path
) -> list[dict[str, object]]:
    made = []
    for box_id in box_ids:
        try:
            written = answer.write(archive, keys, box_id, folder, _now_ms())
        except BundleError as error:
            raise HospitalError(str(error)) from error
        line = {
            "box": box_id,
            "answer": written.file.name,
            "bytes": written.size,
            "whole": written.whole,
        }
        made.append(line)
    return made


def _taken_words(bundle: dict[str, object]) -> str:
    words = f"{bundle['box_id']}: {bundle['records']:,} new records"
    if bundle["damaged"] or not bundle["whole"]:
        words += f"; damaged or cut off after {bundle['parts']:,} parts, what is whole was taken"
    if bundle["aside"]:
        words += f"; {bundle['aside']:,} parts tell another history than ours: kept beside it"
    return words


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


COMMANDS = (
    show_ledger,
    make_backup,
    begin_backup,
    finish_backup,
    restored,
    reread,
    rotate_key,
    renew_box_keys,
    bundles,
)
