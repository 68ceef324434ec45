"""A full disk and a disk that answers with errors are told apart: one is cleared, one replaced."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.model.errors import DiskFault, DiskFull
from edge.store.store import Store


def fill(store: Store) -> None:
    with store.transaction():
        store.execute("CREATE TABLE heavy (bytes BLOB)")
    for _ in range(2000):
        with store.transaction():
            store.execute("INSERT INTO heavy VALUES (zeroblob(4000))")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "disk", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here: it takes the rights of root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.system
def test_a_disk_without_room_is_called_full(small_disk: Path, box_file: Path) -> None:
    path = small_disk / "box.db"
    path.write_bytes(box_file.read_bytes())
    store = Store.open(path)
    with pytest.raises(DiskFull, match="no room"):
        fill(store)
    store.close()


def test_an_error_of_a_disk_with_room_is_not_called_full(store: Store) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # EFBIG, an input or output error
    try:
        with pytest.raises(DiskFault, match="error of its own"):
            fill(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
