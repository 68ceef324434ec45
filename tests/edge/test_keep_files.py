"""Photos and recordings on the box: what they are, how far they are, and when they may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.files import attachments, patient_files
from edge.files.attachments import Subject
from edge.files.patient_files import State
from edge.jobs import old_files
from edge.model import file_type
from edge.model.clock import Clock
from edge.model.entry import EntryKind, Lane
from edge.settings.box_settings import Settings
from edge.store import journal, outbox
from edge.store.store import Store

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
DAY_MS = 24 * 3_600_000


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"OggS\x00", "audio/ogg"),
        (b"\x1a\x45\xdf\xa3", "audio/webm"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\x00\x00\x00\x18ftypheic", None),
        (b"<html><script>", None),
        (b"<svg xmlns=", None),
        (b"%PDF-1.7", None),
        (b"RIFF", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(start: bytes, kind: str | None) -> None:
    assert file_type.kind_of(start) == kind


@given(st.binary(max_size=64))
def test_any_bytes_are_a_known_kind_or_none(data: bytes) -> None:
    assert file_type.kind_of(data) in (*file_type.KINDS, None)


def add(store: Store, home: Path, clock: Clock, data: bytes = JPEG, **about: str) -> str:
    subject = Subject(**{"patient": "p1"} | about)
    return attachments.add(store, home, clock.now(), data, "image/jpeg", subject, "w1")


def hold(store: Store, file_id: str, *, done: bool = True) -> None:
    """Let the hospital say that it holds a file of one chunk, or nothing of it."""
    attachments.confirm(store, file_id, b"\x01" if done else b"\x00", done)


def cover(store: Store, clock: Clock) -> None:
    """Let the hospital's backup cover every record so far."""
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, clock.now())


def record(store: Store, clock: Clock) -> None:
    with store.transaction():
        journal.append(store, EntryKind.VIEW, clock.now(), {"patient": "p1", "what": "history"})


def states(store: Store) -> list[State]:
    return [one.state for one in patient_files.of_patient(store, "p1")]


def test_a_file_is_listed_once_with_its_preview_for_its_patient_only(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    one = add(store, tmp_path, clock, visit="v1")
    small = add(store, tmp_path, clock, preview_of=one)
    [held] = patient_files.of_patient(store, "p1")
    assert (held.id, held.preview, held.visit, held.actor) == (one, small, "v1", "w1")
    assert (held.state, held.percent) == (State.WAITING, 0)
    assert patient_files.of_patient(store, "p2") == []
    assert patient_files.get(store, "p2", one) is None
    preview = patient_files.get(store, "p1", small)
    assert preview is not None
    assert preview.is_preview


def test_a_part_is_on_its_way_and_all_of_it_is_held(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    two = JPEG + os.urandom(attachments.CHUNK_BYTES)
    one = add(store, tmp_path, clock, two)
    attachments.confirm(store, one, b"\x01", False)
    [held] = patient_files.of_patient(store, "p1")
    assert (held.state, held.percent) == (State.SENDING, 50)
    attachments.confirm(store, one, b"\x03", True)
    assert states(store) == [State.HELD]


def test_a_backup_from_before_the_file_was_held_makes_nothing_safe(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    one = add(store, tmp_path, clock)
    hold(store, one)
    patient_files.note_held(store)
    cover(store, clock)  # of the manifest, which came before the file
    assert states(store) == [State.HELD]
    record(store, clock)
    assert states(store) == [State.HELD]
    cover(store, clock)  # of a record that was made when the hospital had the file
    assert states(store) == [State.SAFE]


def test_only_what_is_safe_and_old_leaves_the_disk(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, "box-test", "Thar Post 7", disk_low_mb=10**9)
    kept, gone = add(store, tmp_path, clock), add(store, tmp_path, clock)
    hold(store, gone)
    now = clock.now()
    old_files.run(store, settings, now)
    assert len(states(store)) == 2  # held by the hospital, but in no backup
    record(store, clock)
    cover(store, clock)
    assert states(store) == [State.SAFE, State.WAITING]
    assert patient_files.forget_old(store, tmp_path, now.wall_ms - DAY_MS) == 0
    old_files.run(store, settings, clock.now())
    assert [one.id for one in patient_files.of_patient(store, "p1")] == [kept]
    assert not attachments.path(tmp_path, gone).exists()
    assert attachments.path(tmp_path, kept).read_bytes() == JPEG
    assert attachments.waiting(store) == 1


def test_a_restored_hospital_that_lacks_the_file_keeps_it_here(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    one = add(store, tmp_path, clock)
    hold(store, one)
    patient_files.note_held(store)
    record(store, clock)
    cover(store, clock)
    assert states(store) == [State.SAFE]
    hold(store, one, done=False)
    assert states(store) == [State.WAITING]
    patient_files.note_held(store)
    assert patient_files.forget_old(store, tmp_path, clock.now().wall_ms + 1) == 0
    hold(store, one)
    patient_files.note_held(store)
    assert states(store) == [State.HELD]


def test_what_a_power_cut_left_without_a_row_is_swept_up_a_day_later(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    one = add(store, tmp_path, clock)
    stray = attachments.path(tmp_path, "stray")
    stray.write_bytes(JPEG)
    written_s = stray.stat().st_mtime
    assert patient_files.sweep(store, tmp_path, written_s + 60) == 0
    assert patient_files.sweep(store, tmp_path, written_s + 2 * 86_400) == 1
    assert [p.name for p in (tmp_path / attachments.FOLDER).iterdir()] == [one]
