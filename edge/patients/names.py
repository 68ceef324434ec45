"""Names as people say them: one Latin form of any script, and a key that spelling does not change.

Muhammad, Mohammed, محمد and मुहम्मद share the key "md"; Laxmi, Lakshmi and लक्ष्मी share "lksm".
The keys find candidates; `likeness` orders them. Nothing here decides that two people are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import jellyfish
from anyascii import anyascii

SAME_SOUND = 0.93
"""The least likeness of two words with the same key, however they are spelt."""

BEGINNING = 0.9
"""The likeness of a word and what somebody has typed of it so far."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")

_PINYIN_OF_SURNAMES = {
    "仇": "qiu", "区": "ou", "单": "shan", "尉": "yu", "曾": "zeng", "朴": "piao",
    "查": "zha", "盖": "ge", "翟": "zhai", "解": "xie", "覃": "qin", "黑": "he",
}  # fmt: skip
"""Characters that are read otherwise when they begin a name."""

_ARABIC = {
    "ا": "a", "آ": "a", "أ": "a", "إ": "i", "ٱ": "a", "ب": "b", "پ": "p", "ت": "t", "ٹ": "t",
    "ث": "s", "ج": "j", "چ": "ch", "ح": "h", "خ": "kh", "د": "d", "ڈ": "d", "ذ": "z", "ر": "r",
    "ڑ": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh", "ص": "s", "ض": "z", "ط": "t", "ظ": "z",
    "ع": "a", "غ": "gh", "ف": "f", "ق": "q", "ک": "k", "ك": "k", "گ": "g", "ل": "l", "م": "m",
    "ن": "n", "ں": "n", "و": "w", "ؤ": "w", "ہ": "h", "ه": "h", "ھ": "h", "ۃ": "h", "ة": "h",
    "ء": "", "ئ": "y", "ی": "y", "ي": "y", "ى": "y", "ے": "e", "ۓ": "e",
}  # fmt: skip
"""Arabic script as Urdu and Arabic names use it; the general table drops long vowels."""

_ONE_SOUND = (
    ("ksh", "ks"), ("chh", "c"), ("ch", "c"), ("sh", "s"), ("kh", "k"), ("gh", "g"), ("ph", "f"),
    ("th", "t"), ("dh", "d"), ("bh", "b"), ("jh", "j"), ("zh", "j"), ("ck", "k"), ("q", "k"),
    ("x", "ks"), ("z", "j"), ("v", "w"),
)  # fmt: skip
"""Spellings that stand for one sound in South Asian, Arabic and Chinese names, in this order."""

_VOWELS = frozenset("aeiou")
_SILENT = frozenset("aeiouhwy")


@dataclass(frozen=True, slots=True)
class NameKeys:
    """How a name is found: its Latin words and, word by word, their sounds."""

    words: tuple[str, ...]
    sounds: tuple[str, ...]

    @property
    def latin(self) -> str:
        """The Latin form, words apart."""
        return " ".join(self.words)

    @property
    def joined(self) -> str:
        """The Latin form as one word, as pinyin is often typed."""
        return "".join(self.words)

    @property
    def initials(self) -> str:
        """The first letter of each word."""
        return "".join(word[0] for word in self.words)


def latin(name: str) -> str:
    """Return the name in lower-case ASCII letters, words apart; empty when it has no letters."""
    name = unicodedata.normalize("NFKC", name).strip()
    name = _HAN.sub(lambda run: f" {_pinyin(run[0], first=run.start() == 0)} ", name)
    plain = "".join(_ARABIC.get(c, c) for c in name if not _is_vowel_sign(c))
    text = anyascii(plain).lower().replace("'", "").replace("`", "")
    return " ".join(re.findall("[a-z]+", text))


@lru_cache(maxsize=20_000)  # the same few thousand words make up all names of a district
def sound(word: str) -> str:
    """Return the key of one Latin word: what is left when spelling habits are folded away."""
    for written, heard in _ONE_SOUND:
        word = word.replace(written, heard)
    head = "a" if word[:1] in _VOWELS else word[:1]
    body = "".join(c for c in word[1:] if c not in _SILENT)
    return re.sub(r"(.)\1+", r"\1", head + body)


def keys(name: str) -> NameKeys:
    """Return the search keys of a name in any script."""
    return keys_of_latin(latin(name))


def keys_of_latin(text: str) -> NameKeys:
    """Return the search keys of a Latin form made earlier by `latin`."""
    words = tuple(text.split())
    return NameKeys(words, tuple(sound(word) for word in words))


def likeness(asked: NameKeys, stored: NameKeys) -> float:
    """Return how alike two names are, 0 to 1; `asked` may be the beginning of a name."""
    if not asked.words or not stored.words:
        return 0.0
    best = sum(_best(w, s, stored) for w, s in zip(asked.words, asked.sounds, strict=True))
    apart = abs(len(stored.words) - len(asked.words))
    by_words = best / len(asked.words) - 0.03 * apart
    whole = jellyfish.jaro_winkler_similarity(asked.joined, stored.joined)
    return max(by_words, 0.97 * whole, 0.0)


def _best(word: str, key: str, stored: NameKeys) -> float:
    return max(
        _alike(word, key, other, its)
        for other, its in zip(stored.words, stored.sounds, strict=True)
    )


def _alike(word: str, key: str, other: str, other_key: str) -> float:
    alike = jellyfish.jaro_winkler_similarity(word, other)
    if len(word) >= 2 and other.startswith(word):
        alike = max(alike, BEGINNING)
    if key == other_key:
        alike = max(alike, SAME_SOUND + (1 - SAME_SOUND) * alike)
    return alike


def _pinyin(han: str, *, first: bool) -> str:
    import pypinyin  # a large dictionary, for those who need it

    syllables = pypinyin.lazy_pinyin(han)
    if first and len(han) > 1 and han[0] in _PINYIN_OF_SURNAMES:
        syllables[0] = _PINYIN_OF_SURNAMES[han[0]]
    return " ".join(syllables)


def _is_vowel_sign(char: str) -> bool:
    return "\u064b" <= char <= "\u065f" or char in "\u0640\u0670"
