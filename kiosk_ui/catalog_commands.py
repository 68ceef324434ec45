"""`scripts/catalogs`: add a language, bring the catalogs up to date with the pages, check them.

Babel is imported where it is used: this runs where languages are translated, never on a box.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from edge.model.languages import CODES
from kiosk_ui import catalogs
from kiosk_ui.fonts import FONTS

if TYPE_CHECKING:
    from babel import Locale

_ROW = """\
    Language(
        code="{code}",
        tag="{code}",
        name="{name}",
        direction="{direction}",
        fonts={fonts},
        months="{months}",
        date_form="{date_form}",
        texts=Texts.STARTED,
    ),"""

_PARTS = {"y": "{year}", "M": "{month}", "L": "{month}", "d": "{day}"}


@click.group()
def main() -> None:
    """Make and keep the catalogs of the kiosk's languages."""


@main.command()
@click.argument("code")
def add(code: str) -> None:
    """Make the empty catalog of CODE, and print the rows that the language still needs."""
    from babel import Locale, UnknownLocaleError

    if code in CODES:
        raise click.ClickException(f"there is already a row for {code}")
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise click.ClickException(f"the Unicode CLDR knows no language {code}") from error
    try:
        made = catalogs.create(code)
    except FileExistsError as error:
        raise click.ClickException(f"there is already a catalog of {code}") from error
    click.echo(f"Made {made.relative_to(catalogs.FOLDER.parent.parent)}.\n")
    click.echo(f"Add to LANGUAGES in edge/model/languages.py:\n\n{row(locale)}\n")
    click.echo(
        "Add to VOICES in kiosk_ui/voices.py (`espeak-ng --voices` lists the names):\n\n"
        f'    Voice("{code}", Engine.ESPEAK_NG, "{locale.language}", "{script_of(locale)}"),\n'
    )
    if font_of(locale) is None:
        click.echo(
            f"No font in kiosk_ui/fonts.py is for the script {script_of(locale)}: add its row to"
            " FONTS, its\ntwo files to kiosk_ui/static/fonts and a line to"
            " kiosk_ui/static/LICENSES.md.\n"
        )
    click.echo("Then: scripts/catalogs check")


@main.command()
def update() -> None:
    """Take the texts of the pages into every catalog, and compile it."""
    catalogs.update()
    catalogs.compile_all(force=True)


@main.command()
def check() -> None:
    """Fail when languages, catalogs, pages, fonts and voices do not agree."""
    wrong = catalogs.problems()
    if wrong:
        raise click.ClickException("; ".join(wrong))


def row(locale: Locale) -> str:
    """Return the row of a language for LANGUAGES, from the Unicode CLDR."""
    script = font_of(locale) or "…"
    months = locale.months["format"]["abbreviated"]
    return _ROW.format(
        code=str(locale),
        name=locale.get_display_name(str(locale)),
        direction="rtl" if locale.text_direction == "rtl" else "ltr",
        fonts='("Latin",)' if script == "Latin" else f'("Latin", "{script}")',
        months=",".join(months[number] for number in range(1, 13)),
        date_form=date_form(locale),
    )


def date_form(locale: Locale) -> str:
    """Return how the CLDR orders day, month and year with the month in letters."""
    pattern = locale.datetime_skeletons["yMMMd"].pattern
    return re.sub(r"y+|M+|L+|d+", lambda part: _PARTS[part[0][0]], pattern.replace("'", ""))


def script_of(locale: Locale) -> str:
    """Return the ISO 15924 code of the script in which most people write the language."""
    from babel.core import get_global

    if locale.script:
        return locale.script
    likely = get_global("likely_subtags")[locale.language]  # such as "bn_Beng_BD"
    return str(likely).split("_")[1]


def font_of(locale: Locale) -> str | None:
    """Return the name of a font for the script of the language, when there is one."""
    return next((font.name for font in FONTS if font.script == script_of(locale)), None)


if __name__ == "__main__":
    main()
