"""Character sets of laboratory messages: what is declared, what is configured, else a good guess.

HL7 declares one in MSH-18 (HL7 table 0211); ASTM E1394 declares none. Many devices send another
than they declare, or a single byte for the micro sign, so nothing here is lost: a byte that no set
explains becomes its Latin-1 letter, never a replacement sign, and
`devices.protocols.laboratory_units` still knows the unit.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

_DECLARED: Mapping[str, str] = {
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "GB2312": "gb18030",
    "GBK": "gb18030",
    "BIG-5": "big5",
    "ISO IR87": "iso2022_jp",
    "KS X 1001": "cp949",
    "CNS 11643-1992": "big5",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
}
"""HL7 table 0211 and what devices write in its place, with the names of Python's codecs."""

_HIGH = re.compile(rb"[\x80-\xff]+")
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
"""A sign of GB 18030 that GB 2312 does not have, such as the micro sign."""

_WORD_LENGTH = 3
_TWO_BYTES = 2
_HANZI = frozenset((*range(0xA1, 0xAA), *range(0xB0, 0xD8)))
"""First bytes of GB 2312's signs, Greek letters and common characters."""


def codec_named(name: str) -> str | None:
    """Return the codec of a name as in MSH-18 or in a setting; None when there is none."""
    wanted = _DECLARED.get(name.strip().upper(), name.strip())
    try:
        found = codecs.lookup(wanted) if wanted else None
    except LookupError:
        return None
    text_encoding = found is not None and found.name not in (
        "base64",
        "hex",
        "zlib",
        "bz2",
        "rot13",
    )
    return found.name if found is not None and text_encoding else None


def decode(data: bytes, declared: str = "", configured: str = "") -> str:
    """Return the text: by what the message declares, else by the setting, else by a guess."""
    for name in (declared, configured):
        codec = codec_named(name) if name else None
        if codec is None:
            continue
        try:
            return data.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(data)


def _guessed(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    runs = _HIGH.findall(data)
    candidates = ["cp1252"]
    if any(len(run) >= _WORD_LENGTH for run in runs):
        candidates.insert(0, "cp1251")  # whole words of such letters are Cyrillic
    if _FOUR_BYTES.search(data) or all(_is_hanzi(run) for run in runs):
        candidates.insert(0, "gb18030")
    for codec in candidates:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _is_hanzi(run: bytes) -> bool:
    """Whether a run of high bytes can be characters of GB 2312: pairs, each with a known first."""
    return len(run) % _TWO_BYTES == 0 and all(byte in _HANZI for byte in run[::_TWO_BYTES])
