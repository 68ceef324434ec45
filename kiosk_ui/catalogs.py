"""The translated texts: .po files are the source, .mo files are made from them.

The build of the wheel makes them, and the wheel holds no .po: what is installed is complete and
never written to. In a checkout the kiosk compiles what is missing or older when it starts.

`python -m kiosk_ui.catalogs` brings the .po files up to date with the pages and compiles them.
A `#, machine` flag marks a sentence that no native reader has reviewed; such sentences are shown,
fuzzy and empty ones never are (a test refuses them).

Babel is imported where it is used: a kiosk whose catalogs are compiled does not need it.
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
    """Return the .po files, one a language; none where a wheel was installed."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def compile_all(*, force: bool = False) -> list[Path]:
    """Compile each .po whose .mo is missing or older; return what was written."""
    stale = [po for po in sources() if force or _is_stale(po)]
    for po in stale:
        write_mo(po, po.with_suffix(".mo"))
    return [po.with_suffix(".mo") for po in stale]


def read(po: Path) -> Catalog:
    """Read one .po file."""
    from babel.messages.pofile import read_po

    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def write_mo(po: Path, mo: Path) -> None:
    """Compile one .po file."""
    from babel.messages import mofile

    mo.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may start at once: each writes its own file and renames it into place.
    handle, made = tempfile.mkstemp(dir=mo.parent, suffix=".mo.part")
    with os.fdopen(handle, "wb") as file:
        mofile.write_mo(file, read(po))
    Path(made).chmod(0o644)
    Path(made).replace(mo)


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


if __name__ == "__main__":
    update()
    compile_all(force=True)
