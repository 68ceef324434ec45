"""Output of every verb of the `healthpost` command, and the box that a verb works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.model.errors import EdgeError, InvalidForm, SettingsError
from edge.process.cli_output import FAILED, INPUT_IS_WRONG, Verdict, say, speaking_json
from edge.settings.box_settings import Settings
from edge.store.store import Store
from provisioning.errors import CommandFailed, InputError

__all__ = ["open_box", "say", "speaks_json"]


@contextmanager
def open_box() -> Iterator[tuple[Settings, Store]]:
    """Give the box's settings and its file, closed afterwards."""
    settings = Settings.load()
    store = Store.open(settings.database, settings.box_id)
    try:
        yield settings, store
    finally:
        store.close()


def _judge(error: Exception) -> Verdict:
    if isinstance(error, InvalidForm):
        return "form", INPUT_IS_WRONG
    kind = getattr(error, "kind", None)
    if isinstance(error, InputError | SettingsError):
        return kind or "settings", INPUT_IS_WRONG
    return kind or type(error).__name__.lower(), FAILED


speaks_json = speaking_json((InputError, CommandFailed, EdgeError), _judge)
