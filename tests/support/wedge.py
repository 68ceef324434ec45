"""A keyboard-wedge scanner at a browser: real key events, each with its own time of pressing."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Page

_FRENCH = dict(zip("1234567890", "&é\"'(-è_çà", strict=True)) | dict(
    zip("qawzmQAWZM", "aqzw,AQZW?", strict=True)
)
_URDU = dict(zip("1234567890", "۱۲۳۴۵۶۷۸۹۰", strict=True)) | dict(
    zip(string.ascii_lowercase, "ابچدعفگحیجکلمنہپقرسطءظضشےز", strict=True)
)
_ARABIC = dict(zip("1234567890", "١٢٣٤٥٦٧٨٩٠", strict=True)) | dict(
    zip(string.ascii_lowercase, "شؤيثبلاهتنمةىخحضقسفعرصءغئظ", strict=True)
)
LAYOUTS: Mapping[str, Mapping[str, str]] = {
    "us": {},
    "french": _FRENCH,
    "urdu": _URDU | {c.upper(): sign for c, sign in _URDU.items() if c.isalpha()},
    "arabic": _ARABIC | {c.upper(): sign for c, sign in _ARABIC.items() if c.isalpha()},
}
"""What a key types in place of its US character."""

_ENDS = {"Enter": "\r", "Tab": ""}


@dataclass(slots=True)
class Scanner:
    """Scans codes into a page; `clock_s` goes on with every key, so nothing waits in between."""

    page: Page
    layout: str = "us"
    gap_ms: float = 8
    clock_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin at the time of the page, a second after it was ready."""
        at = "(performance.timeOrigin + performance.now()) / 1000"
        self.clock_s = self.page.evaluate(at) + 1

    def rest(self, ms: float) -> None:
        """Let time pass before the next key."""
        self.clock_s += ms / 1000

    def scan(self, code: str, *, end: str = "Enter", pauses: Mapping[int, float] = {}) -> None:
        """Type a code; `pauses` are milliseconds before the character at that place."""
        session = self.page.context.new_cdp_session(self.page)
        for place, char in enumerate(code):
            self.rest(pauses.get(place, self.gap_ms))
            key = LAYOUTS[self.layout].get(char, char)
            self._press(session, key, _code(char), key, char.isupper())
        if end:
            self.rest(pauses.get(len(code), self.gap_ms))
            self._press(session, end, end, _ENDS[end], False)
        session.detach()

    def _press(self, session: object, key: str, code: str, text: str, shift: bool) -> None:
        event = {"key": key, "code": code, "modifiers": 8 * shift, "timestamp": self.clock_s}
        code_number = {"Enter": 13, "Tab": 9}.get(key, 0)
        down = event | {"type": "keyDown", "text": text, "windowsVirtualKeyCode": code_number}
        session.send("Input.dispatchKeyEvent", down)  # type: ignore[attr-defined]
        session.send("Input.dispatchKeyEvent", event | {"type": "keyUp"})  # type: ignore[attr-defined]


def _code(char: str) -> str:
    if char.isdigit():
        return f"Digit{char}"
    return f"Key{char.upper()}" if char.isalpha() else {"-": "Minus", ".": "Period"}[char]
