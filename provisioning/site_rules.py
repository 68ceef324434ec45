"""Where the rules of this machine stand: in the home of its box, when it is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.rules.library import Library, library
from edge.rules.table import RuleTable
from edge.settings.box_settings import home_folder, settings_file
from provisioning.output import box_home


def home_of_rules() -> Path | None:
    """Return the box's home, acting as its owner from now on; None where there is no box."""
    try:
        is_box = settings_file(home_folder()).exists()
    except PermissionError:
        is_box = True  # then the next line says whose home it is
    return box_home() if is_box else None


def library_here() -> Library:
    """Return the rules in use on this machine, what was refused, and the site's overrides."""
    return library(home_of_rules())


def rules_here() -> Mapping[str, RuleTable]:
    """Return the rules in use on this machine by their ids."""
    return library_here().rules
