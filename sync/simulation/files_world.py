"""Simulates file uploads from one seed: a box, its hospital, and chunks that are lost or damaged.

The real `FileClient` and `chunk_receiver` run here, sealing included. A file must be whole in the
end (I1), never be taken for whole when it is not (I20), no chunk be kept that is not the one that
was sent (I21), and a preview go before anything larger (I22).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from edge.files import attachments
from edge.files.attachments import Upload
from edge.model.errors import DiskFull, NotFound
from sync.box.file_client import FileClient
from sync.core.wire import MessageError
from sync.files import chunk_receiver
from sync.files import chunks as files_chunks
from sync.files.chunk_receiver import FileManifest
from sync.files.chunks import ChunkState
from sync.simulation.parts import demand
from sync.simulation.weather import CALM, Air, Lots, Weather

STEPS = 36
PAUSE_MS = 20_000
PIECE = 5
"""Bytes of a chunk: the simulated photos are small, their chunks many."""
PUMP_MS = 10_000
REMINDED = 3
"""So many unfinished files are listed after a HELLO; the hospital's limit is 20."""
SETTLE_MS = 24 * 3_600_000
REOPEN_MS = 2 * 3_600_000


@dataclass(slots=True)
class SentFile:
    """A file on the box's disk, and what the box knows of its way."""

    upload: Upload
    content: bytes
    sha256: str
    done: bool = False


@dataclass(slots=True)
class Shelf:
    """The hospital's archive: manifests and chunks. `drawn` are the true contents."""

    manifests: dict[bytes, FileManifest] = field(default_factory=dict)
    chunks: dict[bytes, dict[int, bytes]] = field(default_factory=dict)
    drawn: dict[bytes, bytes] = field(default_factory=dict)

    def told(self, file: bytes) -> FileManifest | None:
        """Return a file whose manifest is here."""
        return self.manifests.get(file)

    def put(self, file: bytes, index: int, data: bytes, have: bytes) -> None:
        """Keep a chunk."""
        there = self.drawn[file][index * PIECE : (index + 1) * PIECE]
        demand(data == there, "I21", f"chunk {index} is kept as {data!r}, it was {there!r}")
        self.chunks[file][index] = data
        self.manifests[file] = replace(self.manifests[file], have=have)

    def content(self, file: bytes) -> bytes:
        """Return all chunks that are held, in their order."""
        return b"".join(data for _, data in sorted(self.chunks[file].items()))

    def finish(self, file: bytes) -> None:
        """Remember that a file is whole."""
        demand(self.content(file) == self.drawn[file], "I20", "a damaged file counts as whole")
        self.manifests[file] = replace(self.manifests[file], done=True)

    def clear(self, file: bytes) -> None:
        """Forget every chunk of a file."""
        manifest = self.manifests[file]
        self.chunks[file] = {}
        self.manifests[file] = replace(manifest, have=files_chunks.empty(manifest.total))

    def copy(self) -> Shelf:
        """Return a backup."""
        chunks = {file: dict(pieces) for file, pieces in self.chunks.items()}
        return Shelf(dict(self.manifests), chunks, self.drawn)


class SimUploads:
    """The box's files, as the courier asks for them."""

    def __init__(self) -> None:
        self.sent: dict[bytes, SentFile] = {}
        self.cum = 0
        self.full = self.unreadable = False

    def waiting(self) -> list[Upload]:
        """Return the files whose manifest is confirmed and that are not whole there."""
        return [s.upload for s in self.sent.values() if not s.done and s.upload.entry <= self.cum]

    def following(self) -> Upload | None:
        """Return the file to send from next."""
        return min(self.waiting(), key=attachments.urgency, default=None)

    def read(self, upload: Upload, index: int) -> bytes:
        """Return one chunk; raises `NotFound` when the disk does not have it."""
        if self.unreadable:
            raise NotFound("the disk cannot be read")
        return self.sent[upload.file_id].content[index * PIECE : (index + 1) * PIECE]

    def confirm(self, state: ChunkState) -> None:
        """Store which chunks the hospital holds; raises `DiskFull`."""
        if self.full:
            raise DiskFull("no room")
        sent = self.sent[state.file]
        sent.upload, sent.done = replace(sent.upload, have=state.have), state.done


@dataclass(frozen=True, slots=True)
class FilesOutcome:
    """What one seed went through."""

    seed: int
    files: int
    chunks: int
    begun_anew: int


class FilesWorld:
    """One box and one hospital under one seed."""

    def __init__(self, seed: int, often: Mapping[str, float] | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.air = Air(self.random, Weather.of(self.random))
        self._lots = Lots({**CHANCES, **(often or {})})
        self._spoil = self.random.choice((0.0, 0.1))
        self._fall = self.random.choice((0.0, 0.05))
        self.uploads = SimUploads()
        self.shelf = Shelf()
        self._drawn = self.shelf.drawn
        self._backup = Shelf(drawn=self._drawn)
        self._online, self._full = True, False
        self._session = self._sessions = self._chunks = self._anew = 0
        self._sent: list[tuple[int, bytes]] = []
        self._file_client = FileClient(self.uploads, self._send)

    def run(self) -> FilesOutcome:
        """Misfortunes, then calm; raises `Violation`."""
        self._open_session()
        for _ in range(STEPS):
            getattr(self, f"_{self._lots.draw(self.random)}")()
            self._pass(int(self.random.random() * PAUSE_MS))
        self._calm()
        self._check()
        return FilesOutcome(self.seed, len(self._drawn), self._chunks, self._anew)

    # --- misfortunes --------------------------------------------------------------------------

    def _photo(self) -> None:
        self._add(self.random.randrange(1, 40), is_preview=False)

    def _photo_with_preview(self) -> None:
        self._photo()
        self._add(self.random.randrange(1, 12), is_preview=True)

    def _power_cut(self) -> None:
        self._file_client = FileClient(self.uploads, self._send)
        self._open_session()

    def _toggle_link(self) -> None:
        self._online = not self._online
        self._session = 0
        if self._online:
            self._open_session()

    def _back_up(self) -> None:
        self._backup = self.shelf.copy()

    def _restore(self) -> None:
        self.shelf = self._backup.copy()
        self._open_session()

    def _rot(self) -> None:
        """A chunk at the hospital changes by itself before its file is whole."""
        ready = [f for f, t in self.shelf.manifests.items() if not t.done and self.shelf.chunks[f]]
        if ready:
            pieces = self.shelf.chunks[self.random.choice(sorted(ready))]
            pieces[self.random.choice(sorted(pieces))] += b"?"

    def _fill_box(self) -> None:
        self.uploads.full = not self.uploads.full

    def _fill_hospital(self) -> None:
        self._full = not self._full

    def _lose_disk(self) -> None:
        self.uploads.unreadable = not self.uploads.unreadable

    def _replay(self) -> None:
        if self._sent:
            session, payload = self.random.choice(self._sent)
            self._arrive(session, payload)

    def _misplace(self) -> None:
        """A chunk comes under the number of another."""
        if self._sent:
            session, payload = self.random.choice(self._sent)
            chunk = files_chunks.decode_chunk(payload)
            moved = replace(chunk, index=self.random.randrange(12))
            if moved != chunk:
                self._arrive(session, files_chunks.encode_chunk(moved))

    # --- both ends ----------------------------------------------------------------------------

    def _add(self, size: int, is_preview: bool) -> None:
        if self.uploads.full:
            return
        content, file = self.random.randbytes(size), self.random.randbytes(16)
        total, entry = -(-size // PIECE), len(self._drawn) + 1
        name, key = str(UUID(bytes=file)), self.random.randbytes(32)
        upload = Upload(name, key, size, total, files_chunks.empty(total), is_preview, entry)
        self.uploads.sent[file] = SentFile(upload, content, hashlib.sha256(content).hexdigest())
        self._drawn[file] = content

    def _open_session(self) -> None:
        """A new session: manifests are sent as records, and the hospital answers what it has."""
        self._file_client.forget()
        if not self._online or self._full:
            self._session = 0
            return
        self._sessions += 1
        session = self._session = self._sessions
        unfinished = [f for f, manifest in self.shelf.manifests.items() if not manifest.done][
            :REMINDED
        ]
        for file in unfinished:
            self._answer(session, ChunkState(file, self.shelf.manifests[file].have, False))
        known = {s.upload.entry for f, s in self.uploads.sent.items() if f in self.shelf.manifests}
        self.uploads.cum = next(n for n in range(1, len(known) + 2) if n not in known) - 1
        self.air.later(self.random.randrange(1, 5_000), lambda: self._send_manifests(session))

    def _send_manifests(self, session: int) -> None:
        if session != self._session or self._full:
            return
        for file, sent in self.uploads.sent.items():
            if file not in self.shelf.manifests:
                upload = sent.upload
                empty = files_chunks.empty(upload.total)
                manifest = FileManifest(upload.total, upload.key, sent.sha256, empty, False)
                self.shelf.manifests[file], self.shelf.chunks[file] = manifest, {}
        self.uploads.cum = len(self.uploads.sent)

    def _send(self, payload: bytes) -> None:
        chunk, session = files_chunks.decode_chunk(payload), self._session
        self._chunks += 1
        upload = self.uploads.sent[chunk.file].upload
        waiting = [u for u in self.uploads.waiting() if u.is_preview]
        demand(upload.is_preview or not waiting, "I22", "a preview waits behind something larger")
        self._sent.append((session, payload))
        self.air.carry(lambda: self._arrive(session, self._spoiled(payload)))

    def _spoiled(self, payload: bytes) -> bytes:
        """A genuine frame with a damaged chunk: only a fault of our own can make one."""
        if self.random.random() >= self._spoil:
            return payload
        chunk = files_chunks.decode_chunk(payload)
        at = self.random.randrange(len(chunk.sealed))
        flipped = chunk.sealed[:at] + bytes([chunk.sealed[at] ^ 1]) + chunk.sealed[at + 1 :]
        return files_chunks.encode_chunk(replace(chunk, sealed=flipped))

    def _arrive(self, session: int, payload: bytes) -> None:
        if session != self._session or self._full:
            return
        falls = self.random.random() < self._fall
        if falls and self.random.random() < 0.5:
            return  # before its commit
        chunk = files_chunks.decode_chunk(payload)
        before = self.shelf.told(chunk.file)
        state = chunk_receiver.take(self.shelf, chunk)
        if state is not None and before is not None:
            self._anew += sum(state.have) < sum(before.have)
            if not falls:
                self._answer(session, state)

    def _answer(self, session: int, state: ChunkState) -> None:
        payload = files_chunks.encode_held(state)
        self.air.carry(lambda: self._receive(session, payload))

    def _receive(self, session: int, payload: bytes) -> None:
        if session != self._session:
            return
        try:
            self._file_client.receive(payload)
        except (DiskFull, MessageError):
            return  # the hospital sends it again with the next chunk
        self._pump()

    def _pump(self) -> None:
        if self._session:
            self._file_client.pump(self.air.now_ms)

    def _pass(self, time_ms: int) -> None:
        until = self.air.now_ms + time_ms
        while self.air.now_ms < until:
            self._pump()
            self.air.advance(min(until, self.air.now_ms + PUMP_MS))

    # --- the end ------------------------------------------------------------------------------

    def _calm(self) -> None:
        self.air.weather, self._spoil, self._fall = CALM, 0.0, 0.0
        self.uploads.full = self.uploads.unreadable = self._full = False
        self._online = True
        limit = self.air.now_ms + SETTLE_MS
        while self.air.now_ms < limit and not self._is_done():
            self._open_session()
            self._pass(120_000)
            for _ in range(10):
                self._pass(60_000)
        demand(self._is_done(), "I12", "files are still on their way a day after the last fault")

    def _is_done(self) -> bool:
        return all(s.done for s in self.uploads.sent.values()) and self._are_whole()

    def _are_whole(self) -> bool:
        return all(f in self.shelf.manifests and self.shelf.manifests[f].done for f in self._drawn)

    def _check(self) -> None:
        for file, content in self._drawn.items():
            demand(self.shelf.content(file) == content, "I1", f"{file.hex()} is another file there")


CHANCES: Mapping[str, float] = {
    "photo": 14,
    "photo_with_preview": 10,
    "power_cut": 5,
    "toggle_link": 10,
    "back_up": 5,
    "restore": 2,
    "rot": 2,
    "fill_box": 3,
    "fill_hospital": 3,
    "lose_disk": 2,
    "replay": 6,
    "misplace": 4,
}


def run(seed: int, often: Mapping[str, float] | None = None) -> FilesOutcome:
    """Run one seed, with some misfortunes more often than usual; raises `Violation`."""
    return FilesWorld(seed, often).run()
