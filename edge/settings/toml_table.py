"""Tables of a settings file, read with errors worded for whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping

HIGHEST_PORT = 65_535


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
        if not isinstance(value, str):
            raise self._wrong(f"{self._name}.{key} must be text")
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

    def number(self, key: str, default: int, least: int = 0, most: int | None = None) -> int:
        """Return a whole number within its bounds; `most` HIGHEST_PORT means a TCP port."""
        value = self._table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(f"{self._name}.{key} must be a whole number, not {value!r}")
        if value < least or (most is not None and value > most):
            what = "a port number" if most == HIGHEST_PORT else f"from {least} to {most}"
            raise self._wrong(f"{self._name}.{key} must be {what}, not {value!r}")
        return value

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
