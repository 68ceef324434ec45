"""Uploads files (photos, recordings) in chunks when nothing more urgent waits.

What it needs of the box's database and disk is `Uploads`; `StoreUploads` is the real one.
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

    def confirm(self, state: ChunkState) -> None:
        """Store which chunks the hospital holds."""


class StoreUploads:
    """The files listed in the box's database, on its disk."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store, self._home = store, home

    def following(self) -> Upload | None:
        """Return the file to send from next."""
        return attachments.next_upload(self._store)

    def read(self, upload: Upload, index: int) -> bytes:
        """Return one chunk; raises `NotFound` when the disk does not have it."""
        return attachments.read_chunk(self._home, upload, index)

    def confirm(self, state: ChunkState) -> None:
        """Store which chunks the hospital holds."""
        attachments.confirm(self._store, str(UUID(bytes=state.file)), state.have, state.done)


class FileClient:
    """Sends chunks by `send`, which seals and publishes a payload in lane "f" of the session."""

    def __init__(self, uploads: Uploads, send: Callable[[bytes], None]) -> None:
        self._uploads, self._send_payload = uploads, send
        self._under_way: dict[tuple[str, int], int] = {}
        self._aside_until = 0

    def forget(self) -> None:
        """A session is over: what was under way is sent again."""
        self._under_way.clear()

    def receive(self, payload: bytes) -> None:
        """Handle an acknowledgement: which chunks the hospital holds; raises `MessageError`."""
        state = chunks.decode_held(payload)
        file_id = str(UUID(bytes=state.file))
        self._uploads.confirm(state)
        for file, index in list(self._under_way):
            if file == file_id and (state.done or chunks.has(state.have, index)):
                del self._under_way[file, index]

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
        under_way = {index for file, index in self._under_way if file == upload.id}
        index = chunks.missing(upload.have, upload.total, under_way)
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
        self._send_payload(chunks.encode_chunk(chunk))
        self._under_way[upload.id, index] = now_ms
        return True
