"""The voice of each language: `VOICES`, one row a language.

The spoken text of a language need not be its written one. espeak-ng guesses the short vowels of
written Urdu wrong and says the same sentence right in Devanagari with its Hindi voice; it reads
Chinese from pinyin with tone numbers. `script` is the ISO 15924 script that the voice reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """A program that makes speech from text."""

    ESPEAK_NG = "espeak-ng"


@dataclass(frozen=True, slots=True)
class Voice:
    """The voice of a language: the engine, its name for the voice, and the script that it reads."""

    language: str
    engine: Engine
    name: str
    script: str


VOICES = (
    Voice("en", Engine.ESPEAK_NG, "en", "Latn"),
    Voice("ur", Engine.ESPEAK_NG, "hi", "Deva"),
    Voice("zh", Engine.ESPEAK_NG, "cmn-latn-pinyin", "Latn"),
)
"""One row a language; nothing is spoken yet."""
