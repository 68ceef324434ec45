"""A month's report in the forms that people and other programs ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from edge.reports.core import csv_text, labels, register
from edge.reports.core.indicators import Report, flat
from edge.reports.core.quality import Quality
from edge.reports.core.settled import Settled


@dataclass(frozen=True, slots=True)
class Line:
    """One number: its full name, the label of its section, its own, words after it, the number."""

    name: str
    section: str
    label: str
    words: str
    number: int


def lines(report: Report) -> Iterator[Line]:
    """Yield the numbers of a report in the order in which they are shown."""
    numbers = flat(report)
    for section, title in labels.SECTIONS.items():
        inside = [name for name in numbers if name.startswith(f"{section}.")]
        known = [name for name in labels.LABELS if name in numbers and name in inside]
        for name in (*known, *(n for n in inside if n not in labels.LABELS)):
            yield Line(name, title, *labels.label(name), numbers[name])


def text(report: Report) -> str:
    """Return a report in words, for a terminal."""
    found: list[str] = []
    section = ""
    for line in lines(report):
        if line.section != section:
            section = line.section
            found += ["", section]
        words = ": ".join(part for part in (line.label, line.words) if part)
        found.append(f"  {line.number:>7,}  {words}")
    return "\n".join(found).lstrip("\n")


def csv(report: Report, *, bom: bool = True) -> bytes:
    """Return a report as a CSV file: month, name, section, label, words, number."""
    header = ("month", "name", "section", "label", "words", "number")
    month = str(report["month"])
    rows = ((month, x.name, x.section, x.label, x.words, x.number) for x in lines(report))
    return csv_text.csv_bytes(header, rows, bom=bom)


def register_csv(settled: Settled, days: str, *, bom: bool = True) -> bytes:
    """Return the register of a day or a month as a CSV file."""
    rows = (row.cells() for row in register.rows(settled, days))
    return csv_text.csv_bytes(register.COLUMNS, rows, bom=bom)


def quality_json(found: Quality) -> dict[str, object]:
    """Return the quality of a month's data as JSON can hold it; means are texts."""
    drifts = [
        asdict(row) | {"mean": str(row.mean), "past_mean": str(row.past_mean)}
        for row in found.drifts
    ]
    digits = [asdict(row) for row in found.digits]
    return asdict(found) | {"typed_share": found.typed_share, "digits": digits, "drifts": drifts}
