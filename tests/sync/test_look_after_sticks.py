"""The courier finds a stick, says what is on it, and does what the technician asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eventually import eventually
from hand_house import BOX, Post

from edge.bundles import requests
from edge.bundles.requests import BundleRequest, State, What
from edge.model.errors import ActionRefused
from edge.store.store import Store
from sync.bundles import bundle_format
from sync.bundles.usb_worker import UsbWorker


class Media:
    """A box beside a folder where sticks are mounted."""

    def __init__(self, folder: Path) -> None:
        self.post = Post(folder / "post")
        self.media = folder / "media"
        self.settings = replace(self.post.settings, sticks=str(self.media))
        self.courier = self.fresh()

    def fresh(self) -> UsbWorker:
        return UsbWorker(self.settings, self.post.member, lambda p: p.name.startswith("usb"))

    def look(self) -> None:
        self.courier.turn(self.post.store)

    def plug(self, path: str = "usb0") -> Path:
        folder = self.media / path
        folder.mkdir(parents=True)
        self.post.stick = folder
        return folder

    def do(self, what: What, folder: Path) -> BundleRequest:
        """Ask as the screen does, and let the courier work."""
        self.look()
        requests.ask(self.post.store, self.post.clock.now(), what, str(folder))
        self.look()
        latest = requests.latest(self.post.store)
        assert latest is not None
        return latest


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Media]:
    made = Media(tmp_path)
    yield made
    made.post.close()


def test_without_a_folder_for_sticks_nothing_happens(media: Media) -> None:
    media.look()
    assert requests.plugged(media.post.store) == []


def test_only_what_is_mounted_counts_as_a_stick(media: Media) -> None:
    (media.media / "leftover").mkdir(parents=True)
    media.plug("sana/usb-blue")
    (media.media / "usb-link").symlink_to(media.media / "leftover")
    media.look()
    assert [one.name for one in requests.plugged(media.post.store)] == ["usb-blue"]
    shutil.rmtree(media.media / "sana")
    media.look()
    assert requests.plugged(media.post.store) == []


def test_a_stick_goes_to_the_hospital_and_comes_back(media: Media) -> None:
    post, folder = media.post, media.plug()
    post.record(30)
    written = media.do(What.WRITE, folder)
    assert written.state is State.DONE
    assert written.result == {"records": 30, "files": 0, "left": 0}
    assert post.waiting() == 30
    (stick,) = requests.plugged(post.store)
    (up,) = stick.bundles
    assert (up.way, up.box, up.ours, up.hospital_ours, up.whole) == ("up", BOX, True, True, True)
    assert up.lanes == {"c": [1, 30]}
    post.take()
    media.look()
    assert {h.way for h in requests.plugged(post.store)[0].bundles} == {"up", "down"}
    came = media.do(What.READ, folder)
    assert came.state is State.DONE
    assert (came.result["confirmed"], came.result["whole"]) == (30, True)
    assert post.waiting() == 0
    assert {h.way for h in requests.plugged(post.store)[0].bundles} == {"down"}


def test_what_cannot_be_done_is_told_by_its_name(media: Media) -> None:
    post, folder = media.post, media.plug()
    assert media.do(What.READ, folder).result == {"why": bundle_format.MISSING}
    (folder / bundle_format.down_name(BOX)).write_bytes(b"HPB1 and nonsense")
    failed = media.do(What.READ, folder)
    assert (failed.state, failed.result) == (State.FAILED, {"why": "damaged"})
    shutil.rmtree(folder)
    requests.ask(post.store, post.clock.now(), What.WRITE, str(folder))
    media.look()
    latest = requests.latest(post.store)
    assert latest is not None
    assert latest.result == {"why": bundle_format.GONE}


def test_what_a_dead_courier_had_begun_is_broken_off(media: Media) -> None:
    post, folder = media.post, media.plug()
    media.look()
    requests.ask(post.store, post.clock.now(), What.WRITE, str(folder))
    asked = requests.wanted(post.store)
    assert asked is not None
    with pytest.raises(ActionRefused):
        requests.ask(post.store, post.clock.now(), What.READ, str(folder))
    requests.begin(post.store, asked)
    (folder / f"healthpost-{BOX}-up-00.bundle.part").write_bytes(b"half of it")
    again = media.fresh()
    again.start()
    eventually(lambda: _state(post.store) is State.FAILED)
    again.stop()
    latest = requests.latest(post.store)
    assert latest is not None
    assert latest.result == {"why": requests.INTERRUPTED}
    assert media.do(What.WRITE, folder).state is State.DONE
    assert not list(folder.glob("*.part"))


def test_its_thread_finds_and_writes_a_stick_by_itself(media: Media) -> None:
    post, folder = media.post, media.plug()
    post.record(3)
    courier = media.fresh()
    courier.start()
    eventually(lambda: requests.plugged(post.store))
    requests.ask(post.store, post.clock.now(), What.WRITE, str(folder))
    eventually(lambda: _state(post.store) is State.DONE)
    courier.stop()
    assert post.take() == 3


def _state(store: Store) -> State | None:
    latest = requests.latest(store)
    return None if latest is None else latest.state
