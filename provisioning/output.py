"""Output of every verb of the `healthpost` command, and the box that a verb works on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.model.errors import EdgeError, InvalidForm, NotFound, SettingsError
from edge.process.cli_output import FAILED, INPUT_IS_WRONG, Verdict, say, speaking_json
from edge.process.home import act_as_owner
from edge.process.start import file_words
from edge.settings.box_settings import Settings, home_folder
from edge.store.losses import open_store
from edge.store.store import Store
from provisioning.errors import CommandFailed, InputError
from provisioning.form_words import form_words

__all__ = ["box_home", "open_box", "say", "speaks_json"]


def box_home() -> Path:
    """Return the box's home, from now on acting as its owner; raises `HomeRefused`."""
    home = home_folder()
    act_as_owner(home)
    return home


@contextmanager
def open_box() -> Iterator[tuple[Settings, Store]]:
    """Give the box's settings and its file, closed afterwards."""
    settings = Settings.load(box_home())
    with _without_log():
        store = open_store(settings.database, settings.box_id)
        try:
            yield settings, store
        finally:
            store.close()


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep lines of the box's log out of a command's output: it says the same in sentences."""
    logger = logging.getLogger("edge")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _judge(error: Exception) -> Verdict:
    if isinstance(error, InvalidForm):
        return "form", INPUT_IS_WRONG, form_words(error)
    if isinstance(error, OSError):
        return "system", FAILED, file_words(error)
    name = "settings" if isinstance(error, SettingsError) else type(error).__name__.lower()
    kind = getattr(error, "kind", None) or name
    wrong = isinstance(error, InputError | SettingsError | NotFound)
    return kind, INPUT_IS_WRONG if wrong else FAILED, str(error)


speaks_json = speaking_json((InputError, CommandFailed, EdgeError, OSError), _judge)
