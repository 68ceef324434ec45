"""The rows of a table's file, each of which knows its line: what is wrong is said with it.

A table is written with one key, or one band of a list, on a line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from edge.rules.possible import Word

Path = tuple[str | int, ...]

MOST = 10_000_000
"""The highest whole number of a table, such as minutes."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_PLACE = re.compile(r"\(at line (\d+), column \d+\)$")


class TableError(Exception):
    """A table cannot be used: the file, the line, and what is wrong there, for a person."""

    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(f"{file}, line {line}: {text}")
        self.file = file
        self.line = line
        self.text = text


@dataclass(frozen=True, slots=True)
class Row:
    """One table of the file. Each getter checks the form of a key and names its line."""

    table: Mapping[str, object]
    path: Path
    file: str
    lines: Mapping[Path, int]

    def wrong(self, text: str, *keys: str | int) -> TableError:
        """Return what is wrong with a key of this row."""
        path = (*self.path, *keys)
        while path and path not in self.lines:
            path = path[:-1]
        return TableError(self.file, self.lines.get(path, 1), text)

    def only(self, *keys: str) -> None:
        """Refuse keys that nobody reads, such as misspelt ones."""
        for key in self.table:
            if key not in keys:
                raise self.wrong(f'"{key}" is no key here; allowed are {", ".join(keys)}', key)

    def has(self, key: str) -> bool:
        """Whether the row has a key."""
        return key in self.table

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not empty."""
        value = self.table.get(key, default)
        if value is None:
            raise self.wrong(f'"{key}" is missing', key)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.wrong(f'"{key}" must be text in quotes', key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; an absent one is empty."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.wrong(f'"{key}" must be a list of texts in quotes', key)
        return tuple(value)

    def number(self, key: str) -> Decimal | None:
        """Return a number, None when it is not there."""
        value = self.table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.wrong(f'"{key}" must be a number', key)
        if not Decimal(value).is_finite():
            raise self.wrong(f'"{key}" must be a number', key)
        return Decimal(value)

    def whole(self, key: str) -> int | None:
        """Return a whole number of 0 or more, None when it is not there."""
        number = self.number(key)
        if number is None:
            return None
        if not 0 <= number <= MOST or number != number.to_integral_value():
            raise self.wrong(f'"{key}" must be a whole number up to {MOST}', key)
        return int(number)

    def flag(self, key: str) -> bool:
        """Return true or false; false when it is not there."""
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(f'"{key}" must be true or false', key)
        return value

    def word(self, key: str) -> Word:
        """Return a value: a word, a number, true or false."""
        value = self.table.get(key)
        if value is None:
            raise self.wrong(f'"{key}" is missing', key)
        return self._word(value, key)

    def words(self, key: str) -> tuple[Word, ...]:
        """Return one value or a list of them."""
        value = self.table.get(key)
        values = value if isinstance(value, list) else [value]
        if not values:
            raise self.wrong(f'"{key}" is empty', key)
        return tuple(self._word(v, key) for v in values)

    def _word(self, value: object, key: str) -> Word:
        if isinstance(value, bool | str):
            return value
        if isinstance(value, int | Decimal) and Decimal(value).is_finite():
            return Decimal(value)
        raise self.wrong(f'"{key}" must be a word, a number, true or false', key)

    def row(self, key: str) -> Row:
        """Return a table below this one; an empty one when it is not there."""
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f'"{key}" must be a table', key)
        return Row(value, (*self.path, key), self.file, self.lines)

    def rows(self, key: str) -> tuple[Row, ...]:
        """Return the tables of a list."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.wrong(f'"{key}" must be a list of tables', key)
        return tuple(
            Row(table, (*self.path, key, index), self.file, self.lines)
            for index, table in enumerate(value)
        )


def parse(text: str, file: str) -> Row:
    """Return the rows of a file; raises `TableError` when it is not TOML."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as error:
        found = _PLACE.search(str(error))
        line = int(found[1]) if found else 1
        raise TableError(file, line, "this is not written as TOML") from error
    return Row(table, (), file, dict(_lines(text)))


def _lines(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the line of each table, key and member of a list that begins a line."""
    at: Path = ()
    counts: dict[str, int] = {}
    inside: Path | None = None
    member = -1
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if inside is not None:
            if line.strip().startswith("]"):
                inside = None
            elif line.strip() and not line.strip().startswith("#"):
                member += 1
                yield (*inside, member), number
        elif header:
            name = header[2]
            counts[name] = counts.get(name, -1) + 1
            at = (name, counts[name]) if header[1] == "[[" else (name,)
            yield at, number
        elif key:
            yield (*at, key[1]), number
            opens = line.split("#")[0].rstrip().endswith("[")
            inside, member = ((*at, key[1]), -1) if opens else (None, -1)
