"""The rules in use: the packaged tables, those of a site, and what a site asks more cautiously.

A site's tables stand in the folder `rules/` of the box's home. A table that is wrong never stops
the box: the last one that was good stays in use, and what is wrong is said with file and line.

    rules/NAME.toml             a rule of the site, or a newer version of a packaged one
    rules/signatures/NAME.toml  who signed which version, with the SHA-256 of the table
    rules/overrides.toml        where the site is more cautious
    rules/last-good/NAME.toml   copies of the site's tables and overrides that were good
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from edge.rules import overrides, signatures
from edge.rules.loader import load
from edge.rules.overrides import Override
from edge.rules.table import Reviewer, RuleTable
from edge.rules.table_rows import TableError
from edge.store import durable

FOLDER: Final = "rules"
LAST_GOOD: Final = "last-good"
OVERRIDES: Final = "overrides.toml"


@dataclass(frozen=True, slots=True)
class Library:
    """What is in use: rules by id, what was refused and why, where the site is more cautious."""

    rules: Mapping[str, RuleTable]
    refusals: tuple[TableError, ...] = ()
    overrides: tuple[Override, ...] = ()


def rules(home: Path | None = None) -> Mapping[str, RuleTable]:
    """Return every rule in use by its id: the packaged ones, and those of a box's home."""
    return library(home).rules


def library(home: Path | None = None) -> Library:
    """Return what is in use; the site's files are read again when one has changed."""
    return packaged() if home is None else _of_site(home / FOLDER, _stamp(home / FOLDER))


@cache
def packaged() -> Library:
    """Return the rules that the product brings; a retired one is not used."""
    folder = files("edge.rules").joinpath("tables")
    found, refusals = {}, []
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            try:
                rule = signatures.checked(load(file.read_text("utf-8"), file.name), None)
                found[rule.id] = rule
            except TableError as error:
                refusals.append(error)
    return Library(_in_use(found), tuple(refusals))


def _in_use(found: Mapping[str, RuleTable]) -> Mapping[str, RuleTable]:
    return {name: rule for name, rule in sorted(found.items()) if rule.status != "retired"}


@lru_cache(maxsize=4)
def _of_site(folder: Path, _: tuple[tuple[str, int, int], ...]) -> Library:
    """Return the packaged rules as a site signed them, its own, and its overrides."""
    refusals = list(packaged().refusals)
    found = dict(_signed(folder, refusals))
    for file in sorted(folder.glob("*.toml")):
        if file.name != OVERRIDES:
            rule = _own(file, refusals)
            if rule is not None:
                found[rule.id] = rule
    good = folder / LAST_GOOD / OVERRIDES
    used, cautious = overrides.applied(_in_use(found), folder / OVERRIDES, good, refusals)
    return Library(used, tuple(refusals), cautious)


def _signed(folder: Path, refusals: list[TableError]) -> Iterator[tuple[str, RuleTable]]:
    for name, rule in packaged().rules.items():
        try:
            yield name, signatures.checked(rule, signatures.read(folder, name))
        except TableError as error:
            refusals.append(error)
            yield name, _last_good(folder, f"{name}.toml") or rule


def _own(file: Path, refusals: list[TableError]) -> RuleTable | None:
    """Return the rule of a site's file, or the last one that was good."""
    try:
        rule = load(_text(file), file.name)
        rule = signatures.checked(rule, signatures.read(file.parent, file.stem))
        _check_own(rule, file)
    except TableError as error:
        refusals.append(error)
        return _last_good(file.parent, file.name)
    _keep(file.parent, rule)
    return rule


def _check_name(rule: RuleTable, file: Path) -> None:
    if rule.id != file.stem:
        raise TableError(file.name, 1, f'the file of the rule "{rule.id}" is {rule.id}.toml')


def _check_own(rule: RuleTable, file: Path) -> None:
    _check_name(rule, file)
    if rule.id in packaged().rules and rule.is_draft:
        text = "a site's version of a packaged rule is used only when a clinician has signed it"
        raise TableError(file.name, 1, text)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise TableError(file.name, 1, f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TableError(file.name, 1, "it is not text in UTF-8") from error


def _last_good(folder: Path, name: str) -> RuleTable | None:
    try:
        rule = load(_text(folder / LAST_GOOD / name), name)
        return signatures.checked(rule, signatures.read(folder, rule.id))
    except TableError:
        return None


def to_sign(home: Path, name: str) -> RuleTable:
    """Return the table that a signature of a rule is for: the site's file, else the packaged one.

    Raises `TableError` when the site's file is wrong, `LookupError` when there is no such rule.
    """
    file = home / FOLDER / f"{name}.toml"
    if file in (home / FOLDER).glob("*.toml") and file.name != OVERRIDES:
        rule = load(_text(file), file.name)
        _check_name(rule, file)
        return rule
    return packaged().rules[name]


def sign(home: Path, name: str, by: Reviewer) -> tuple[RuleTable, signatures.Signature | None]:
    """Let a clinician sign a table (`to_sign`): it, and the signature that this one replaces.

    Raises as `to_sign` does, and `ValueError`, `OSError`.
    """
    folder, table = home / FOLDER, to_sign(home, name)
    try:
        before = signatures.read(folder, table.id)
    except TableError:
        before = None  # it could not be read, and is written anew
    signatures.sign(folder, table, by)
    _keep(folder, table)
    return table, before


def _keep(folder: Path, rule: RuleTable) -> None:
    """Keep a copy of a good table, where there is room for it."""
    copy = folder / LAST_GOOD / f"{rule.id}.toml"
    with suppress(OSError):
        if not copy.exists() or copy.read_text("utf-8") != rule.source:
            durable.make_folder(copy.parent)
            durable.replace(copy, rule.source.encode())


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what tells that a file of the site has changed."""
    found = []
    for file in (*folder.glob("*.toml"), *folder.glob(f"{signatures.FOLDER}/*.toml")):
        with suppress(OSError):
            state = file.stat()
            found.append((str(file), state.st_mtime_ns, state.st_size))
    return tuple(sorted(found))
