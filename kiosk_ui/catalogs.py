"""The translated texts: .po files are the source, .mo files are made from them.

The build of the wheel makes them, and the wheel holds no .po: what is installed is complete and
never written to. In a checkout the kiosk compiles what is missing or older when it starts.

`scripts/catalogs` adds a language, brings the .po files up to date with the pages, and checks them.
A `#, machine` flag marks a sentence that no native reader has reviewed; such sentences are shown,
fuzzy and empty ones never are. Only a language whose row says `Texts.STARTED` may have empty ones.

Babel is imported where it is used: a kiosk whose catalogs are compiled does not need it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.assessments import verdict
from edge.care import library
from edge.dangers import checklists
from edge.medicines import site_list
from edge.model import coded_results, laboratory_tests, patient_fields
from edge.model.languages import LANGUAGES, SOURCE, Texts
from edge.notifications import diseases
from edge.patients import calendars
from edge.reports.core import labels
from edge.rules import texts as rule_texts
from edge.rules.library import packaged
from edge.stock import items
from edge.store import issues
from edge.visits import complaints, eye_tests, visit_fields
from kiosk_ui.fonts import FONTS
from kiosk_ui.voices import VOICES

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

ROOM = Path(__file__).parent
FOLDER = ROOM / "translations"
COMMENT = "# Texts of the kiosk. A text flagged `machine` waits for a native reader."

_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
_KEYWORDS = {"t": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def sources() -> list[Path]:
    """Return the .po files, one a language; none where a wheel was installed."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))


def source(code: str) -> Path:
    """Return where the .po file of a language is, or belongs."""
    return FOLDER / code / "LC_MESSAGES" / "messages.po"


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


_TABLES: Final[Mapping[str, Iterable[str]]] = {
    "edge/model/patient_fields.py": patient_fields.KIOSK_TEXTS,
    "edge/visits/visit_fields.py": (*visit_fields.KIOSK_TEXTS, *complaints.GROUP_TEXTS),
    "edge/visits/eye_tests.toml": eye_tests.TEST_TEXTS,
    "edge/medicines/medicines.toml": site_list.texts(),
    "edge/model/laboratory_tests.py": laboratory_tests.LABORATORY_TESTS.values(),
    "edge/model/coded_results.py": [row.label for row in coded_results.WORDED],
    "edge/patients/calendars.py": [calendar.label for calendar in calendars.CALENDARS],
    "edge/store/issues.py": [kind.sentence for kind in issues.ISSUES],
    "edge/stock/items.toml": items.KIOSK_TEXTS,
    "edge/dangers/checklists.toml": checklists.KIOSK_TEXTS,
    "edge/reports/core/labels.py": labels.TEXTS,
    "edge/rules/tables": tuple(rule_texts.texts(packaged().rules.values())),
    "edge/care/library.py": library.texts(),
    "edge/assessments/verdict.py": verdict.KIOSK_TEXTS,
    "edge/notifications/diseases.toml": diseases.KIOSK_TEXTS,
}
"""Tables outside of the kiosk whose texts it translates, by their place; one row a table."""


def template() -> Catalog:
    """Return every text that the pages and the tables of words hold now."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    catalog = Catalog(project="Healthpost kiosk", charset="utf-8")
    found = extract_from_dir(str(ROOM), _METHODS, keywords=_KEYWORDS)
    for file, _line, message, _comments, _context in found:
        catalog.add(message, locations=[(f"kiosk_ui/{file}", 0)])
    for place, texts in _TABLES.items():
        for text in texts:
            catalog.add(text, locations=[(place, 0)])
    return catalog


def create(code: str) -> Path:
    """Make the empty catalog of a new language; raises `FileExistsError` when it has one."""
    from babel.messages.catalog import Catalog

    po = source(code)
    po.parent.mkdir(parents=True)
    catalog = Catalog(
        code,
        project="Healthpost kiosk",
        version="0",
        header_comment=COMMENT,
        msgid_bugs_address="none",
        last_translator="Healthpost",
        language_team="Healthpost",
        fuzzy=False,
    )
    catalog.update(template(), no_fuzzy_matching=True)
    _write(po, catalog)
    return po


def update() -> None:
    """Bring each .po file up to date: new texts come in empty, gone ones leave."""
    now = template()
    for po in sources():
        catalog = read(po)
        catalog.update(now, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        _write(po, catalog)


def texts_state(code: str) -> Texts:
    """Return how far the texts of a translated language are, as its catalog says."""
    messages = [message for message in read(source(code)) if message.id]
    if not all(_is_translated(message) for message in messages):
        return Texts.STARTED
    reviewed = not any("machine" in message.flags for message in messages)
    return Texts.REVIEWED if reviewed else Texts.MACHINE


def problems() -> list[str]:
    """Return what is wrong between languages, catalogs, pages, fonts and voices, in words."""
    spoken, fonts = {voice.language for voice in VOICES}, {font.name for font in FONTS}
    wrong = [f"{row.code} has no voice" for row in LANGUAGES if row.code not in spoken]
    wrong += [f"{row.code} has no font" for row in LANGUAGES if not fonts.issuperset(row.fonts)]
    return wrong + _wrong_catalogs()


def _wrong_catalogs() -> list[str]:
    translated = {row.code: row for row in LANGUAGES if row is not SOURCE}
    present = {po.parent.parent.name: po for po in sources()}
    wrong = [f"{code} has no catalog" for code in translated if code not in present]
    wrong += [f"{code} has no row in LANGUAGES" for code in present if code not in translated]
    texts = {message.id for message in template() if message.id}
    for code, po in present.items():
        differing = texts ^ {message.id for message in read(po) if message.id}
        if differing:
            wrong.append(f"{code}: {len(differing)} texts are not those of the pages")
        row = translated.get(code)
        if row is not None and row.texts is not texts_state(code):
            wrong.append(f"{code}: its row says {row.texts}, its catalog {texts_state(code)}")
    return wrong


def _is_translated(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else message.string or ()
    return bool(strings) and all(text.strip() for text in strings)


def _write(po: Path, catalog: Catalog) -> None:
    from babel.messages.pofile import write_po

    with po.open("wb") as file:
        write_po(file, catalog, width=98, sort_output=True, omit_header=False, no_location=True)


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime
