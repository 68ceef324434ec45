"""The worker for USB sticks: finds them, lists their bundles, writes bundles and reads answers.

A large stick takes minutes and a broken one may hang; an alert must not wait for either. So all of
it runs in a thread of its own, with a connection to the box's file that is open only while there is
something to do. It handles one request at a time.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from edge.bundles import requests
from edge.bundles.requests import BundleOnStick, BundleRequest, Stick, What
from edge.model.clock import Stamp
from edge.model.errors import DiskError, DiskFull
from edge.settings.box_settings import Settings
from edge.store import durable
from edge.store.losses import open_store
from edge.store.store import Store
from sync.bundles import bundle_format, read_answer, write
from sync.bundles.bundle_format import BundleError, Outline
from sync.keys.keys import kid
from sync.keys.membership import Membership

log = logging.getLogger(__name__)

DEPTH = 2
"""Desktops mount a stick in a folder of its user, plain systems in one of its own."""

LOOK_S = 2.0
STOP_S = 5.0
MOST_STICKS = 8
MOST_BUNDLES = 20
FULL_DISK = "disk-full"
DISK_FAULT = "disk-fault"
FAULT = "fault"
MB = 1_000_000


class UsbWorker:
    """Handles the USB sticks of one box, between `start` and `stop`."""

    def __init__(
        self,
        settings: Settings,
        member: Membership,
        is_stick: Callable[[Path], bool] = os.path.ismount,
    ) -> None:
        self._settings, self._member, self._is_stick = settings, member, is_stick
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sticks", daemon=True)
        self._shown = True

    def start(self) -> None:
        """Start the thread that looks for sticks."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; what hangs in a broken stick is left behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def turn(self, store: Store) -> None:
        """Store which sticks are there, and carry out a request if there is one."""
        sticks = self._sticks()
        requests.show(store, sticks)
        self._shown = bool(sticks)
        request = requests.wanted(store)
        if request is not None:
            requests.begin(store, request)
            requests.end(store, request, self._outcome(store, request))
            requests.show(store, self._sticks())

    def _loop(self) -> None:
        self._with_store(requests.break_off)
        while not self._stopping.wait(LOOK_S):
            if self._shown or self._mounted():
                self._with_store(self.turn)

    def _with_store(self, work: Callable[[Store], None]) -> None:
        try:
            store = open_store(self._settings.database, self._settings.box_id)
            try:
                work(store)
            finally:
                store.close()
        except Exception:  # the loop of the thread: it is tried again at the next look
            log.exception("sticks")

    def _mounted(self) -> list[Path]:
        root = self._settings.sticks
        return _mounted(Path(root), DEPTH, self._is_stick)[:MOST_STICKS] if root else []

    def _sticks(self) -> list[Stick]:
        return [stick for folder in self._mounted() if (stick := self._stick(folder)) is not None]

    def _stick(self, folder: Path) -> Stick | None:
        try:
            free = durable.free_bytes(folder) // MB * MB  # the last digits change by looking
            outlines = [
                *bundle_format.found(folder, bundle_format.UP),
                *bundle_format.found(folder, bundle_format.DOWN),
            ]
        except OSError:
            return None  # pulled out this moment
        bundles = tuple(self._bundle(outline) for outline in outlines[-MOST_BUNDLES:])
        return Stick(str(folder), folder.name, free, bundles)

    def _bundle(self, outline: Outline) -> BundleOnStick:
        opening, closing = outline.opening, outline.closing
        lanes = {} if closing is None else {k: list(v) for k, v in closing.lanes.items()}
        return BundleOnStick(
            way=opening.way,
            box=opening.box_id,
            nonce=opening.nonce.hex(),
            made_ms=opening.made_ms,
            size=outline.size,
            ours=opening.box_id == self._member.box_id,
            hospital_ours=opening.hospital == kid(self._member.hospital.sign),
            whole=closing is not None,
            files=0 if closing is None else closing.files,
            lanes=lanes,
        )

    def _outcome(self, store: Store, request: BundleRequest) -> dict[str, object]:
        now, folder = store.clock().now(), Path(request.folder)
        try:
            if not self._is_stick(folder):
                return {"why": bundle_format.GONE}
            return self._run(store, request.what, now, folder)
        except BundleError as error:
            log.warning("stick: %s", error)
            return {"why": error.why}
        except DiskFull as error:
            log.warning("stick: %s", error)
            return {"why": FULL_DISK}
        except DiskError as error:
            log.error("stick: %s", error)
            return {"why": DISK_FAULT}
        except Exception:  # the technician must see that it failed, whatever it was
            log.exception("a stick could not be worked with")
            return {"why": FAULT}

    def _run(self, store: Store, what: What, now: Stamp, folder: Path) -> dict[str, object]:
        if what is What.WRITE:
            bundle = write.write(store, self._settings, self._member, now, folder)
            return {"records": bundle.records, "files": bundle.files, "left": bundle.left}
        result = read_answer.read(store, self._settings, self._member, now, folder)
        sound = result.whole and not result.damaged
        outcome: dict[str, object] = {
            "confirmed": result.confirmed,
            "news": result.told,
            "whole": sound,
        }
        return outcome | {"anew": result.epoch is not None, "commands": result.commands}


def _mounted(root: Path, depth: int, is_stick: Callable[[Path], bool]) -> list[Path]:
    found: list[Path] = []
    try:
        inside = sorted(p for p in root.iterdir() if p.is_dir() and not p.is_symlink())
    except OSError:
        return found
    for folder in inside:
        if is_stick(folder):
            found.append(folder)
        elif depth > 1:
            found += _mounted(folder, depth - 1, is_stick)
    return found
