"""Commands of the hospital to a box: the table of kinds, and how one is applied.

A command arrives sealed and signed (`sync.frames.envelope.open_down` has checked that); here it is
read, carried out once, and answered in the journal, which carries the answer to the hospital.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edge.feed import command_log
from edge.feed.command_log import Handler
from edge.model.clock import Stamp
from edge.model.command import Command
from edge.store.store import Store
from sync.core.command import decode_command

log = logging.getLogger(__name__)

DONE = "done"


def ping(_command: Command) -> str:
    """Answer, so that the hospital knows that commands arrive."""
    return DONE


HANDLERS: Mapping[str, Handler] = {"ping": ping}
"""Every kind of command; registration is explicit."""


def apply_command(
    store: Store, now: Stamp, payload: bytes, handlers: Mapping[str, Handler] = HANDLERS
) -> str | None:
    """Apply a command of channel "k"; return the outcome, None for a repeat.

    Raises `MessageError` when it is no command, `StoreError` when it could not be answered.
    """
    command = decode_command(payload)
    outcome = command_log.carry_out(store, now, command, handlers)
    log.info("command %s: %s", command.kind, outcome or "a repeat, ignored")
    return outcome
