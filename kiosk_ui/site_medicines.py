"""The clinic's list of medicines, for the pages."""

from __future__ import annotations

from markupsafe import Markup

from edge.medicines import site_list
from edge.medicines.site_list import Medicines, MedicinesError
from kiosk_ui import context
from kiosk_ui.wording import N_, t


def listed() -> tuple[Medicines, Markup | None]:
    """Return the list; when the site's own cannot be read, the product's and what is wrong."""
    try:
        return site_list.of_home(context.settings().home), None
    except (MedicinesError, OSError):
        text = N_("This clinic's list of medicines cannot be read. The technician must mend it.")
        return site_list.shipped(), t(text)
