"""The translated texts: .po files are the source, .mo files are made from them when missing.

`python -m kiosk_ui.catalogs` brings the .po files up to date with the pages and compiles them.
A `#, machine` flag marks a sentence that no native reader has reviewed; such sentences are shown,
fuzzy and empty ones never are (a test refuses them).

Babel is imported where it is used: a kiosk whose catalogs are compiled never needs it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edge.model import patient_fields

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = Path(__file__).with_name("translations")

_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_KEYWORDS = {"say": None, "noted": None, "gettext": None, "ngettext": (1, 2)}


def sources() -> list[Path]:
    """Return the .po files, one a language."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def compile_all(*, force: bool = False) -> list[Path]:
    """Compile each .po whose .mo is missing or older; return what was written."""
    stale = [po for po in sources() if force or _is_stale(po)]
    for po in stale:
        _compile(po)
    return [po.with_suffix(".mo") for po in stale]


def read(po: Path) -> Catalog:
    """Read one .po file."""
    from babel.messages.pofile import read_po

    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def template() -> Catalog:
    """Return every text that the pages and the tables of words hold now."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    catalog = Catalog(project="Healthpost kiosk", charset="utf-8")
    found = extract_from_dir(str(FOLDER.parent), _METHODS, keywords=_KEYWORDS)
    for file, _line, message, _comments, _context in found:
        catalog.add(message, locations=[(f"kiosk_ui/{file}", 0)])
    for text in patient_fields.KIOSK_TEXTS:
        catalog.add(text, locations=[("edge/model/patient_fields.py", 0)])
    return catalog


def update() -> None:
    """Bring each .po file up to date: new texts come in empty, gone ones leave."""
    from babel.messages.pofile import write_po

    now = template()
    for po in sources():
        catalog = read(po)
        catalog.update(now, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with po.open("wb") as file:
            write_po(file, catalog, width=98, sort_output=True, omit_header=False, no_location=True)


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime


def _compile(po: Path) -> None:
    from babel.messages.mofile import write_mo

    # Two processes may start at once: each writes its own file and renames it into place.
    handle, made = tempfile.mkstemp(dir=po.parent, suffix=".mo.part")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, read(po))
    Path(made).chmod(0o644)
    Path(made).replace(po.with_suffix(".mo"))


if __name__ == "__main__":
    update()
    compile_all(force=True)
