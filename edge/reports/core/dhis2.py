"""A month's report for DHIS2: as a `dataValueSets` payload (JSON) and as ADX (XML).

The site's mapping file says which data element each number becomes; nothing is guessed. A number of
the report that is neither mapped nor left out by name is refused, so that none is lost in silence.
Sending a month again replaces it: whole months are written, and a number that is zero is written as
0 (docs.dhis2.org, Data; IHE QRPH ADX, 2015).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final
from xml.etree import ElementTree

from edge.model.errors import SettingsError
from edge.reports.core import labels, months
from edge.reports.core.indicators import BY_WEEK, Report, flat

FILE: Final = "dhis2.toml"
"""The mapping file, in the home of the box or of the hospital."""

ADX_NAMESPACE: Final = "urn:ihe:qrph:adx:2015"
_CATEGORY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,49}")
_RESERVED: Final = {"dataElement", "value"}
NAMED_AT_ONCE: Final = 5


class MappingError(SettingsError):
    """The mapping file lacks something, or says something that cannot be; names it."""

    kind = "mapping"


@dataclass(frozen=True, slots=True)
class DataElement:
    """What a number becomes: a data element, and which disaggregation of it if it has one.

    `combo` is the id of a category option combination; `categories` are category and option by
    their codes, which ADX writes as attributes.
    """

    element: str
    combo: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteMapping:
    """A site's mapping: data set, organisation unit, and the data element of each number."""

    data_set: str
    org_unit: str
    elements: Mapping[str, DataElement]
    left_out: tuple[str, ...] = ()


def read_mapping(raw: Mapping[str, Any], clinic: str) -> SiteMapping:
    """Return the mapping of a parsed file for one clinic; raises `MappingError`.

    `org_unit` is a text, or a table with a text for each clinic.
    """
    unit = raw.get("org_unit")
    if isinstance(unit, Mapping):
        unit = unit.get(clinic)
        if unit is None:
            raise MappingError(f"{FILE} has no org_unit for the clinic {clinic}")
    rows = raw.get("element", {})
    if not isinstance(rows, Mapping):
        raise MappingError(f'{FILE}: element must be tables, such as [element."visits.all"]')
    unknown = [name for name in rows if not labels.is_number_of_month(name)]
    if unknown:
        more = f" and {len(unknown) - NAMED_AT_ONCE} more" if len(unknown) > NAMED_AT_ONCE else ""
        raise MappingError(
            f"{FILE} names {', '.join(unknown[:NAMED_AT_ONCE])}{more}, which no month counts:"
            " `healthpost report --month MONTH --csv` lists the names"
        )
    left_out = raw.get("left_out", [])
    if not isinstance(left_out, list) or not all(isinstance(name, str) for name in left_out):
        raise MappingError(f"{FILE}: left_out must be a list of names")
    return SiteMapping(
        _filled(raw.get("data_set"), "data_set"),
        _filled(unit, "org_unit"),
        {name: _element(name, row) for name, row in rows.items()},
        tuple(left_out),
    )


def values(report: Report, mapping: SiteMapping) -> list[tuple[DataElement, int]]:
    """Return what is sent of a report; raises `MappingError` naming what has no mapping.

    A number that is mapped and did not occur this month is sent as 0. Weeks belong to no month.
    """
    numbers = {n: v for n, v in flat(report).items() if f".{BY_WEEK}." not in n}
    missing = [
        name
        for name in numbers
        if name not in mapping.elements
        and not any(fnmatchcase(name, pattern) for pattern in mapping.left_out)
    ]
    if missing:
        more = f" and {len(missing) - NAMED_AT_ONCE} more" if len(missing) > NAMED_AT_ONCE else ""
        raise MappingError(
            f"{FILE} does not say what becomes of {', '.join(missing[:NAMED_AT_ONCE])}{more}:"
            " give each a data element, or name it in left_out"
        )
    return [(row, numbers.get(name, 0)) for name, row in sorted(mapping.elements.items())]


def data_value_set(report: Report, mapping: SiteMapping, complete: str = "") -> dict[str, Any]:
    """Return the payload of `dataValueSets`; `complete` is the day on which it was closed."""
    rows = [
        {
            "dataElement": row.element,
            **({"categoryOptionCombo": row.combo} if row.combo else {}),
            "value": str(number),
        }
        for row, number in values(report, mapping)
    ]
    head = {"dataSet": mapping.data_set, "period": str(report["month"]).replace("-", "")}
    head |= {"completeDate": complete} if complete else {}
    return {**head, "orgUnit": mapping.org_unit, "dataValues": rows}


def payload_bytes(payload: Mapping[str, Any]) -> bytes:
    """Return a payload as the bytes of a JSON file."""
    return (json.dumps(payload, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def adx_bytes(report: Report, mapping: SiteMapping, exported: str) -> bytes:
    """Return the report as ADX; `exported` is the moment, such as `2026-12-16T08:00:00Z`."""
    root = ElementTree.Element("adx", {"xmlns": ADX_NAMESPACE, "exported": exported})
    group = ElementTree.SubElement(
        root,
        "group",
        {
            "orgUnit": mapping.org_unit,
            "period": f"{months.first_day(str(report['month']))}/P1M",
            "dataSet": mapping.data_set,
        },
    )
    for row, number in values(report, mapping):
        named = {"dataElement": row.element, "value": str(number), **dict(row.categories)}
        if row.combo and not row.categories:
            named["categoryOptionCombo"] = row.combo
        ElementTree.SubElement(group, "dataValue", named)
    ElementTree.indent(root, " ")
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _element(name: str, row: Any) -> DataElement:
    if isinstance(row, str):
        row = {"data_element": row}
    if not isinstance(row, Mapping):
        raise MappingError(f"{FILE}: what {name} becomes must be a text or a table")
    categories = row.get("categories", {})
    if not isinstance(categories, Mapping):
        raise MappingError(f"{FILE}: the categories of {name} must be a table")
    for category, option in categories.items():
        known = _CATEGORY.fullmatch(category) and category not in _RESERVED
        if not known or not isinstance(option, str) or not option.strip():
            raise MappingError(
                f"{FILE}: {name} has a category {category!r}: a code is letters, digits and _,"
                " and its option is a text"
            )
    combo = row.get("category_option_combo", "")
    if not isinstance(combo, str):
        raise MappingError(f"{FILE}: category_option_combo of {name} must be a text")
    return DataElement(
        _filled(row.get("data_element"), f"data_element of {name}"), combo, dict(categories)
    )


def _filled(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise MappingError(f"{FILE}: {what} is missing")
    return value.strip()
