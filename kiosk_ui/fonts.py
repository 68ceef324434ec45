"""The fonts of the screens, `FONTS`, and the style sheet that gives each language its own.

A font of a new script is one row here, its two files in `static/fonts` and a line in
`static/LICENSES.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from edge.model.languages import LANGUAGES, Language

WEIGHTS = (400, 700)


@dataclass(frozen=True, slots=True)
class Font:
    """One font: its name in style sheets, the ISO 15924 script it is for, and its files.

    `leading` and `heading` are line heights of text and headings, `scale` is the size beside Latin
    letters, `overhang` is how far letters reach beyond the box of a heading; empty: they do not.
    """

    name: str
    script: str
    stem: str
    leading: str = "1.45"
    heading: str = "1.25"
    scale: str = "1"
    overhang: str = ""

    def file(self, weight: int) -> str:
        """Return the file of one weight, below `static`."""
        return f"fonts/{self.stem}-{weight}-normal.woff2"


FONTS = (
    Font("Latin", "Latn", "noto-sans-latin"),
    Font("Naskh", "Arab", "noto-naskh-arabic-arabic", "1.4", "1.35"),
    Font("Nastaliq", "Arab", "noto-nastaliq-urdu-arabic", "2.2", "2", ".92", ".3em"),
    Font("Hans", "Hans", "noto-sans-sc-chinese-simplified", "1.55", "1.4"),
)
"""Latin comes first: digits and units look alike in all languages."""

DENSE = {"Nastaliq": "Naskh"}
"""Fonts that pages full of data (`dense`) use in place of one that needs much height."""

_BY_NAME = {font.name: font for font in FONTS}


def own_font(language: Language) -> Font:
    """Return the font of a language's script; raises `KeyError` when there is no such font."""
    return _BY_NAME[language.fonts[-1]]


def family(language: Language) -> str:
    """Return the CSS value for a language: its fonts, then all others, for names of people."""
    others = [font.name for font in FONTS if font.name not in language.fonts]
    return ", ".join([*language.fonts, *others, "sans-serif"])


@cache
def style_sheet(static: str) -> str:
    """Return the CSS of all fonts and languages; `static` is the path of the static files."""
    lines = [_face(font, weight, static) for font in FONTS for weight in WEIGHTS]
    return "\n".join([*lines, *(_language(language) for language in LANGUAGES), ""])


def _face(font: Font, weight: int, static: str) -> str:
    url = f"{static}/{font.file(weight)}"
    return f"@font-face{{font-family:{font.name};src:url({url});font-weight:{weight}}}"


def _language(language: Language) -> str:
    font, tag = own_font(language), language.tag
    rules = (
        f":root:lang({tag}){{--leading:{font.leading};--heading:{font.heading};"
        f"--scale:{font.scale}}}\n:lang({tag}){{font-family:{family(language)}}}"
    )
    if font.name in DENSE:
        rules += _dense(language, _BY_NAME[DENSE[font.name]])
    if font.overhang:
        rules += f"\n:lang({tag}) h1{{padding-inline:{font.overhang}}}"
    return rules


def _dense(language: Language, font: Font) -> str:
    others = [other for other in family(language).split(", ") if other not in ("Latin", font.name)]
    names = ", ".join(["Latin", font.name, *others])
    return (
        f"\n.dense:lang({language.tag}),.dense :lang({language.tag}){{--leading:{font.leading};"
        f"--heading:{font.heading};--scale:{font.scale};font-family:{names}}}"
    )
