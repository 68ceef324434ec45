"""Tables of a settings file, read with errors worded for whoever wrote it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from edge.model.shortened import shortened

HIGHEST_PORT = 65_535
LONGEST_SHOWN = 40
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

_PLACE = re.compile(r"\(at (.*)\)$")


def read_file(file: Path, wrong: type[Exception]) -> Mapping[str, object]:
    """Read a TOML file; raises `wrong` in words, and `FileNotFoundError` as it is."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise wrong(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise wrong(f"{file} cannot be read: it is not text in UTF-8") from error
    except ValueError as error:  # also a number of thousands of digits
        raise wrong(f"{file} cannot be read: it is not written as TOML{place_of(error)}") from error


def place_of(error: ValueError) -> str:
    """Return where a TOML text is wrong, such as " at line 3, column 1"; empty when not known."""
    found = _PLACE.search(str(error))
    return f" at {found[1]}" if found else ""


class Section:
    """One table of a TOML file; whatever has the wrong form raises `wrong`, naming its key."""

    def __init__(self, raw: Mapping[str, object], name: str, wrong: type[Exception]) -> None:
        table = raw.get(name, {})
        if not isinstance(table, dict):
            raise wrong(f"[{name}] must be a table")
        self._table: dict[str, object] = table
        self._name = name
        self._wrong = wrong

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self._table.get(key, default)
        if value is None:
            raise self._wrong(f"{self._name}.{key} is missing")
        if not isinstance(value, str):
            raise self._wrong(f"{self._name}.{key} must be text in quotes, not {value!r}")
        if default is None and not value.strip():
            raise self._wrong(f"{self._name}.{key} is empty")
        return value

    def texts(
        self, key: str, default: tuple[str, ...], least: int = 0, allowed: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Return a list of at least so many texts; with `allowed`, each is one of those."""
        value = self._table.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(f"{self._name}.{key} must be a list of texts")
        if len(value) < least:
            raise self._wrong(f"{self._name}.{key} must not be empty")
        foreign = [item for item in value if allowed and item not in allowed]
        if foreign:
            raise self._wrong(
                f"{self._name}.{key} has {foreign[0]!r}; choose from {', '.join(allowed)}"
            )
        return tuple(value)

    def choice(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed texts."""
        value = self.text(key, default)
        if value not in allowed:
            raise self._wrong(
                f"{self._name}.{key} is {value!r}; choose one of {', '.join(allowed)}"
            )
        return value

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`."""
        value = self._table.get(key, default)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, int) or not whole or not least <= value <= most:
            span = f"a whole number from {least} to {most}"
            raise self._wrong(f"{self._name}.{key} must be {span}, not {_shown(value)}")
        return value

    def decimal(self, key: str, default: str, least: int, most: int) -> str:
        """Return the text of a decimal number from `least` to `most`."""
        value = self._table.get(key, default)
        text = value if isinstance(value, str) else ""
        if not _DECIMAL.fullmatch(text) or not least <= float(text) <= most:
            span = f'a number from {least} to {most} in quotes, such as "{default}"'
            raise self._wrong(f"{self._name}.{key} must be {span}, not {_shown(value)}")
        return text

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(f"{self._name}.{key} must be true or false")
        return value

    def tables(self, key: str) -> list[Mapping[str, object]]:
        """Return a list of tables; what is none counts as an empty one."""
        rows = self._table.get(key, [])
        if not isinstance(rows, list):
            form = f"[[{self._name}.{key}]]"
            raise self._wrong(f"{self._name}.{key} must be a list of tables ({form})")
        return [row if isinstance(row, dict) else {} for row in rows]


def _shown(value: object) -> str:
    return shortened(repr(value), LONGEST_SHOWN)
