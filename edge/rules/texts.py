"""The sentences of clinical rules that people read: those of the tables, and a few of our own.

They are English source texts; screens show them translated (`kiosk_ui/catalogs.py`).
"""

from __future__ import annotations

from typing import Final

INCOMPLETE: Final = "Something is missing, so the result may be worse. Measure it or ask for it."
NOT_JUDGED: Final = "No alert can be given yet: something is missing. Measure it or ask for it."
