"""A referral's own words: when it is overdue, and the places of the site's setting."""

from __future__ import annotations

import pytest

from edge.referrals.referral import DAY_MS, HOUR_MS, Place, is_overdue, places


@pytest.mark.parametrize(
    ("state", "urgency", "after_ms", "overdue"),
    [
        ("made", "emergency", 6 * HOUR_MS, False),
        ("made", "emergency", 6 * HOUR_MS + 1, True),
        ("not-arrived", "urgent", 24 * HOUR_MS + 1, True),
        ("made", "soon", 7 * DAY_MS, False),
        ("made", "routine", 30 * DAY_MS + 1, True),
        ("arrived", "emergency", 30 * DAY_MS, False),
        ("arrived", "emergency", 30 * DAY_MS + 1, True),
        ("closed", "emergency", 999 * DAY_MS, False),
        ("cancelled", "urgent", 999 * DAY_MS, False),
        ("made", "of-a-later-release", DAY_MS + 1, True),
        ("made", "urgent", -DAY_MS, False),
    ],
)
def test_when_somebody_must_ask(state: str, urgency: str, after_ms: int, *, overdue: bool) -> None:
    assert is_overdue(state, urgency, 0, after_ms) is overdue


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("; ;", ()),
        ("Mithi, 0232 261111", (Place("Mithi", "0232 261111"),)),
        ("Mithi; Civil, Hyderabad", (Place("Mithi"), Place("Civil, Hyderabad"))),
        ("Civil, Hyderabad, +92 22 921", (Place("Civil, Hyderabad", "+92 22 921"),)),
        ("Ward, 12", (Place("Ward, 12"),)),
    ],
)
def test_places_and_their_telephones(text: str, found: tuple[Place, ...]) -> None:
    assert places(text) == found
