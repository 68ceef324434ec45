"""`healthpost hospital …`: the verbs about the link, for whoever answers for the records."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from hospital import backup, by_hand, custody, ledger, renewals, unread
from hospital.archive import Archive
from hospital.errors import HospitalError
from hospital.speech import open_hospital, say, speaks_json
from sync import bundle
from sync.bundle import BundleError
from sync.keys import HospitalKeys


@click.command("ledger")
@click.argument("box_id", metavar="BOX")
@speaks_json
def show_ledger(box_id: str, as_json: bool) -> None:
    """Print what is held of a box, to compare with `healthpost status` there."""
    with open_hospital() as (_, archive):
        lines = ledger.of(archive, box_id)
    text = "\n".join(
        f"epoch {one.epoch}{'' if one.current else ' (closed)'} lane {one.lane}: {one.sentence()};"
        f" in the backup to {one.safe:,}; the box told of {one.told:,}"
        for one in lines
    )
    told = {"box": box_id, "streams": [asdict(one) for one in lines]}
    say(told, text or f"Nothing has come from box {box_id} yet.", as_json)


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
        own_disk = settings.home if settings.archive == "sqlite" and not trust_place else None
        made = backup.back_up(archive, target, _now_ms(), same_disk=own_disk)
    told = {
        "file": str(made.file),
        "bytes": made.size,
        "records": made.records,
        "safe": made.promised,
    }
    words = f"{made.records:,} records copied to {made.file} and verified."
    if not made.promised:
        words += (
            "\nIt is on the archive's own disk, so boxes keep what they have:"
            " name a place elsewhere, or say --trust-place."
        )
    say(told, words, as_json)


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
        tried = unread.try_again(archive, HospitalKeys.load(settings.keys))
    say(asdict(tried), f"{tried.read} records could be read by now, {tried.left} not.", as_json)


@click.command("rotate-key")
@speaks_json
def rotate_key(as_json: bool) -> None:
    """Change the key that boxes seal to, and tell them; the old one opens frames for 90 days."""
    with open_hospital() as (settings, archive):
        told = renewals.change_key(archive, settings.keys, _now_ms())
    say({"told": told}, f"The key is changed; {told} boxes are told of it.", as_json)


@click.group("bundle")
def bundles() -> None:
    """Records by hand: read what boxes wrote on a stick, write the answers beside it."""


@bundles.command("read")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@speaks_json
def read_bundles(folder: Path, as_json: bool) -> None:
    """Take in every box's bundle in FOLDER and write each answer beside it."""
    files = sorted(folder.glob(bundle.file_name("*", bundle.UP)))
    taken = []
    with open_hospital() as (settings, archive):
        keys = HospitalKeys.load(settings.keys)
        for file in files:
            taken.append(_take(archive, keys, file))
    lines = [f"{t['box']}: {t['records']:,} records, answer in {t['answer']}" for t in taken]
    say({"taken": taken}, "\n".join(lines) or f"There is no bundle in {folder}.", as_json)


def _take(archive: Archive, keys: HospitalKeys, file: Path) -> dict[str, object]:
    try:
        came = by_hand.take(archive, keys, bundle.read_file(file), _now_ms())
        name = bundle.file_name(came.box_id, bundle.DOWN)
        answer = bundle.write_file(file.parent, name, came.answer)
    except BundleError as error:
        raise HospitalError(f"{file.name}: {error}") from error
    return {"box": came.box_id, "records": came.records, "answer": answer.name}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


COMMANDS = (show_ledger, make_backup, restored, reread, rotate_key, bundles)
