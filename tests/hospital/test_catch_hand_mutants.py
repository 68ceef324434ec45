"""A journey by stick and by line, with real parts; each known mistake makes it end badly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hand_house import BOX, Post

from edge.store import journal
from hospital.fleet import boxes
from hospital.receiving import apply as receiving_apply
from sync.bundles import bundle_format
from sync.bundles.bundle_format import BundleError
from sync.core import box

pytestmark = pytest.mark.long

NEWER = "kind-of-tomorrow"


def journey(folder: Path) -> list[str]:
    """Carry sticks late, twice, past a card that fell back; return what is wrong in the end."""
    post = Post(folder)
    try:
        return [*_walk(post), *_rest(post)]
    finally:
        post.close()


def _walk(post: Post) -> list[str]:
    wrong = []
    post.record(10)
    _tell_of_tomorrow(post)
    old = Path(shutil.copy(post.write(), post.folder / "old"))
    post.take(old)
    post.take(old)
    post.read()
    image = post.copy_card("image.db")
    post.record(10)
    post.online()
    there = post.made()
    post.roll_back(image)
    post.record(2)  # other records under the same numbers
    post.write()
    post.record(12)  # and more that are on no stick
    post.take()
    try:
        post.read()
    except BundleError:
        wrong += [] if post.waiting() else ["an answer was refused and believed"]
    if not post.confirmed() <= post.held():
        wrong.append("custody of records that the hospital never had")
    post.online()
    epoch = _epoch(post)
    if post.take(old) or _epoch(post) != epoch:
        wrong.append("an old stick changed something")
    if not there <= post.held():
        wrong.append("records went that had arrived")
    return wrong


def _rest(post: Post) -> list[str]:
    for _ in range(3):
        post.write()
        post.take()
        post.read()
    wrong = [] if post.made() <= post.held() else ["records never arrived"]
    doubled = post.archive.rows("SELECT record FROM record GROUP BY record HAVING count(*) > 1")
    return [*wrong, *(["records are there twice"] if doubled else [])]


def _tell_of_tomorrow(post: Post) -> None:
    """A newer box records what this hospital has no word for."""
    with post.store.transaction():
        body = {"number": 1, "new": {"inner": ["a", 2]}}
        journal.append(post.store, NEWER, post.clock.advance(1), body)


def _epoch(post: Post) -> int:
    held = boxes.get(post.archive, BOX)
    return 0 if held is None else held.epoch


_keep = receiving_apply.keep


def _only_known(archive, box, place, given, received_ms):
    known = [record for record in given if NEWER.encode() not in record]
    return _keep(archive, box, place, known, received_ms)


def _new_names(_box_id, given):
    return [str(UUID(bytes=os.urandom(16))) for _ in given]


Apply = Callable[[pytest.MonkeyPatch], None]

MUTANTS: dict[str, tuple[str, Apply]] = {
    "an answer is not compared with our chain": (
        "custody of records",
        lambda patch: patch.setattr(box, "agrees", lambda *_: True),
    ),
    "a record of a newer kind is dropped": (
        "records never arrived",
        lambda patch: patch.setattr(receiving_apply, "keep", _only_known),
    ),
    "records have another name each time they come": (
        "records are there twice",
        lambda patch: patch.setattr(receiving_apply, "content_ids", _new_names),
    ),
}


def test_the_journey_ends_well(tmp_path: Path) -> None:
    assert journey(tmp_path / "post") == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks, apply = MUTANTS[name]
    apply(monkeypatch)
    assert any(breaks in wrong for wrong in journey(tmp_path / "post"))


def test_an_answer_to_another_stick_changes_nothing(tmp_path: Path) -> None:
    """Of a stick that the box has forgotten, because its card fell back, no answer counts."""
    post = Post(tmp_path / "post")
    try:
        image = post.copy_card("image.db")
        post.record(5)
        post.write()
        post.take()
        post.roll_back(image)
        before = post.confirmed()
        with pytest.raises(BundleError, match="does not remember"):
            post.read()
        assert post.confirmed() == before
        assert (post.stick / bundle_format.down_name(BOX)).exists()
    finally:
        post.close()
