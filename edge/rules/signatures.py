"""Who signed which version of a rule: a named clinician with a role, on a day.

A signature holds the SHA-256 of the table, so a table that was changed after it was signed is
refused. A new version is a draft until somebody signs it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import tomlkit

from edge.rules.table import Reviewer, RuleTable
from edge.rules.table_rows import TableError, parse
from edge.store import durable

FOLDER: Final = "signatures"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature: the rule, its version, the SHA-256 of its table, and who signed it."""

    rule: str
    version: str
    sha256: str
    by: Reviewer


def checked(rule: RuleTable, signature: Signature | None) -> RuleTable:
    """Return a rule as its signature makes it; raises `TableError` when it was changed since."""
    if signature is None or signature.version != rule.version:
        if rule.status == "reviewed":
            text = f"version {rule.version} says reviewed, and no signature is of this version"
            raise TableError(f"{rule.id}.toml", 1, text)
        return rule
    if signature.sha256 != rule.sha256:
        text = f"it was changed after {signature.by.name} signed it on {signature.by.date}"
        raise TableError(f"{rule.id}.toml", 1, text)
    if rule.status == "retired":
        return rule
    return replace(rule, status="reviewed", reviewers=(*rule.reviewers, signature.by))


def read(folder: Path, rule: str) -> Signature | None:
    """Return the signature of a rule below a site's folder, None when there is none.

    Raises `TableError` when it is not what `sign` writes.
    """
    file = folder / FOLDER / f"{rule}.toml"
    name = f"{FOLDER}/{file.name}"
    try:
        row = parse(file.read_text("utf-8"), name)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(name, 1, "it cannot be read") from error
    row.only("rule", "version", "sha256", "name", "role", "date")
    by = Reviewer(row.text("name"), row.text("role"), row.text("date"))
    return Signature(row.text("rule"), row.text("version"), row.text("sha256"), by)


def sign(folder: Path, rule: RuleTable, by: Reviewer) -> Signature:
    """Write that a clinician signed this version of a rule; raises `ValueError`, `OSError`."""
    date.fromisoformat(by.date)
    if not (by.name.strip() and by.role.strip()):
        raise ValueError("a signature needs a name and a role")
    signature = Signature(rule.id, rule.version, rule.sha256, by)
    words = {"rule": rule.id, "version": rule.version, "sha256": rule.sha256}
    words |= {"name": by.name, "role": by.role, "date": by.date}
    file = folder / FOLDER / f"{rule.id}.toml"
    durable.make_folder(file.parent)
    durable.replace(file, tomlkit.dumps(words).encode())
    return signature
