"""Copy the box's file to `backup/`, complete or not at all.

When nothing happened since the last copy, nothing is copied. Names and order of the copies:
`edge.store.copies`.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from edge.model.clock import Stamp
from edge.model.errors import StoreError
from edge.settings.box_settings import Settings
from edge.store import copies, durable, outbox
from edge.store.copies import Content
from edge.store.journal import LANES
from edge.store.store import Store

log = logging.getLogger(__name__)


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Make a copy when there is something new, then delete the oldest; raises `StoreError`."""
    folder = settings.backup
    durable.make_folder(folder)
    copy = copies.next_file(folder, _content_of(store), copies.listed(folder))
    if copy is not None:
        _copy(store, copy)
        log.info("backed up to %s", copy.name)
    for old in copies.superfluous(copies.listed(folder)):
        old.file.unlink()


def _content_of(store: Store) -> Content:
    """Return what a copy made now would hold."""
    heads = b"".join(
        outbox.chain_at(store, lane, outbox.state(store, lane).last) or b"" for lane in LANES
    )
    digest = hashlib.blake2b(heads, digest_size=4).hexdigest()
    return Content(store.journal_position(), outbox.state(store, LANES[0]).epoch, digest)


def _copy(store: Store, copy: Path) -> None:
    partial = copy.with_suffix(".partial")
    for left_over in copy.parent.glob("*.partial"):  # the power failed during an earlier copy
        left_over.unlink()
    try:
        store.copy_to(partial)
        durable.publish(partial, copy)
    except OSError as error:
        raise StoreError(f"{copy} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
