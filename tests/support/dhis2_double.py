"""A double of DHIS2 that accepts and refuses data by its documented rules, and keeps what it took.

JSON is read as `POST /api/dataValueSets`, XML as ADX. A wrong identifier or value is a conflict and
its value is ignored; the answer is 409 with the summary, or 200 when nothing was refused. Values
that are there already are updated, so that the same month may be sent again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

ADX = "{urn:ihe:qrph:adx:2015}"
WHOLE = re.compile(r"0|[1-9][0-9]*")


@dataclass
class Dhis2:
    """One data set and its organisation units; `elements` are ids, each with its combinations.

    ADX names elements and categories by code: `combos` is the id of each set of (category, option).
    """

    data_set: str
    units: set[str]
    elements: dict[str, set[str]]
    combos: dict[frozenset[tuple[str, str]], str] = field(default_factory=dict)
    kept: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    def post_json(self, payload: bytes) -> tuple[int, dict[str, object]]:
        """Take a dataValueSets payload; return the status and the import summary."""
        found = json.loads(payload)
        period = found.get("period", "")
        whole = [] if re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", period) else [f"period {period!r}"]
        rows = [
            (row.get("dataElement"), row.get("categoryOptionCombo", "default"), row.get("value"))
            for row in found.get("dataValues", [])
        ]
        return self._import(found.get("dataSet"), found.get("orgUnit"), period, rows, whole)

    def post_adx(self, text: bytes) -> tuple[int, dict[str, object]]:
        """Take ADX; return the status and the import summary of its one group."""
        root = ElementTree.fromstring(text)
        wrong = [] if root.tag == f"{ADX}adx" and "exported" in root.attrib else ["not ADX"]
        group = root.find(f"{ADX}group")
        assert group is not None
        match = re.fullmatch(r"(\d{4})-(\d{2})-01/P1M", group.get("period", ""))
        wrong += [] if match else [f"period {group.get('period')!r}"]
        rows = []
        for value in group.findall(f"{ADX}dataValue"):
            named = dict(value.attrib)
            element, number = named.pop("dataElement", None), named.pop("value", None)
            combo = named.pop("categoryOptionCombo", None)
            known = self.combos.get(frozenset(named.items()), "unknown") if named else "default"
            rows.append((element, combo or known, number))
        period = "".join(match.groups()) if match else ""
        return self._import(group.get("dataSet"), group.get("orgUnit"), period, rows, wrong)

    def _import(
        self,
        data_set: str | None,
        unit: str | None,
        period: str,
        rows: list[tuple[str | None, str, str | None]],
        conflicts: list[str],
    ) -> tuple[int, dict[str, object]]:
        conflicts = list(conflicts)
        conflicts += [] if data_set == self.data_set else [f"data set {data_set!r}"]
        conflicts += [] if unit in self.units else [f"organisation unit {unit!r}"]
        counts = {"imported": 0, "updated": 0, "ignored": 0}
        is_whole_wrong = bool(conflicts)
        for element, combo, value in rows:
            combos = self.elements.get(element or "")
            problem = f"data element {element!r}" if combos is None else ""
            problem = problem or ("" if combo in (combos or ()) else f"combination {combo!r}")
            problem = problem or ("" if WHOLE.fullmatch(value or "") else f"value {value!r}")
            conflicts += [problem] if problem else []
            if problem or is_whole_wrong:
                counts["ignored"] += 1
                continue
            key = (str(element), combo, period, str(unit))
            counts["updated" if key in self.kept else "imported"] += 1
            self.kept[key] = str(value)
        status = "ERROR" if is_whole_wrong else "WARNING" if conflicts else "SUCCESS"
        summary = {"status": status, "importCount": counts, "conflicts": conflicts}
        return (409 if conflicts else 200), summary
