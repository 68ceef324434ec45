"""A stick that is really small: what is urgent is on it, and the answer still finds room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hand_house import Post

from edge.bundles import requests
from edge.bundles.requests import What
from edge.files import attachments
from edge.model.entry import Lane
from sync.bundles import bundle_format
from sync.bundles.usb_worker import UsbWorker

pytestmark = pytest.mark.system


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Path]:
    """A folder in which a file system of 800 KB is mounted."""
    folder = tmp_path / "media"
    (folder / "usb0").mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=800k", "stick", str(folder / "usb0")]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here: it takes the rights of root")
    yield folder
    subprocess.run(["umount", str(folder / "usb0")], check=True)


def test_a_small_stick_takes_what_is_urgent_and_leaves_room_for_the_answer(
    media: Path, tmp_path: Path
) -> None:
    post = Post(tmp_path / "post")
    post.stick = media / "usb0"
    courier = UsbWorker(replace(post.settings, sticks=str(media)), post.member)
    post.record(50)
    post.record(2, Lane.ALERT)
    post.photo(900_000)

    def told(what: What) -> dict[str, object]:
        courier.turn(post.store)
        requests.ask(post.store, post.clock.now(), what, str(post.stick))
        courier.turn(post.store)
        latest = requests.latest(post.store)
        assert latest is not None
        return dict(latest.result)

    assert told(What.WRITE) == {"records": 53, "files": 0, "left": 1}
    assert told(What.WRITE) == {"why": bundle_format.FULL}
    assert not list(post.stick.glob("*.part"))
    assert post.take() == 53
    assert told(What.READ)["confirmed"] == 53
    for _ in range(2):
        for one in bundle_format.found(post.stick, bundle_format.UP):
            one.file.unlink()  # carried home and wiped
        assert told(What.WRITE)["records"] == 0
        post.take()
        told(What.READ)
    assert attachments.waiting(post.store) == 0
    post.close()
