"""The courier's slow hand: carries photos and recordings when nothing more urgent waits.

What it needs of the box's file and disk is `Uploads`; `StoreUploads` is the real one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from edge.files import attachments
from edge.files.attachments import Upload
from edge.model.errors import NotFound
from edge.store.store import Store
from sync.files import chunks
from sync.files.chunks import Chunk, ChunkState
from sync.frames.envelope import seal_chunk

log = logging.getLogger(__name__)

WINDOW = 2
AGAIN_MS = 30_000
ASIDE_MS = 600_000
"""A file that cannot be read is left alone for so long."""


class Uploads(Protocol):
    """The files of a box that the hospital does not hold completely."""

    def following(self) -> Upload | None:
        """Return the file to send from next."""

    def read(self, upload: Upload, index: int) -> bytes:
        """Return one chunk; raises `NotFound` when the disk does not have it."""

    def confirm(self, held: ChunkState) -> None:
        """Store what the hospital says that it holds."""


class StoreUploads:
    """Those of the box's file, on its disk."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store, self._home = store, home

    def following(self) -> Upload | None:
        """Return the file to send from next."""
        return attachments.next_upload(self._store)

    def read(self, upload: Upload, index: int) -> bytes:
        """Return one chunk; raises `NotFound` when the disk does not have it."""
        return attachments.read_chunk(self._home, upload, index)

    def confirm(self, held: ChunkState) -> None:
        """Store what the hospital says that it holds."""
        attachments.confirm(self._store, str(UUID(bytes=held.file)), held.have, held.done)


class FileClient:
    """Sends chunks by `say`, which seals and publishes a payload in lane "f" of the session."""

    def __init__(self, uploads: Uploads, say: Callable[[bytes], None]) -> None:
        self._uploads, self._say = uploads, say
        self._under_way: dict[tuple[str, int], int] = {}
        self._aside_until = 0

    def forget(self) -> None:
        """A session is over: what was under way is sent again."""
        self._under_way.clear()

    def hear(self, payload: bytes) -> None:
        """Take in what the hospital holds of a file; raises `MessageError`."""
        held = chunks.decode_held(payload)
        file_id = str(UUID(bytes=held.file))
        self._uploads.confirm(held)
        for one, index in list(self._under_way):
            if one == file_id and (held.done or chunks.has(held.have, index)):
                del self._under_way[one, index]

    def pump(self, now_ms: int) -> None:
        """Send as many chunks as the window has room for; raises `LinkError`."""
        late = [k for k, at_ms in self._under_way.items() if at_ms + AGAIN_MS <= now_ms]
        for key in late:
            del self._under_way[key]
        while len(self._under_way) < WINDOW and now_ms >= self._aside_until:
            upload = self._uploads.following()
            if upload is None or not self._send(upload, now_ms):
                return

    def _send(self, upload: Upload, now_ms: int) -> bool:
        away = {index for one, index in self._under_way if one == upload.id}
        index = chunks.missing(upload.have, upload.total, away)
        if index is None:
            return False
        try:
            data = self._uploads.read(upload, index)
        except NotFound as error:
            log.error("%s", error)
            self._aside_until = now_ms + ASIDE_MS
            return False
        place = (upload.file_id, index, upload.total)
        chunk = Chunk(upload.file_id, index, seal_chunk(upload.key, place, data))
        self._say(chunks.encode_chunk(chunk))
        self._under_way[upload.id, index] = now_ms
        return True
