"""The facts that somebody said in a visit's note: danger signs, consciousness, pregnancy, oxygen.

What was not asked is no fact; a sign that was asked about and is absent is "no".
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.assessments.cause import Cause
from edge.store.store import Store


def of(store: Store, patient_ids: Sequence[str], cause: Cause) -> dict[str, object]:
    """Return what was said of a patient in the visit of a cause."""
    return {}
