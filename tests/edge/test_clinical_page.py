"""The page for clinicians says times and values as a clinician reads them."""

from __future__ import annotations

import re

from edge.rules import rules
from edge.rules.clinical_page import in_full


def test_times_are_in_minutes_hours_or_days() -> None:
    page = in_full(rules().values())
    assert "measured again after 28 days" in page
    assert "measured again after 15 minutes" in page
    after = re.findall(r"measured again after (\d+) minutes", page)
    assert max(map(int, after)) < 120
