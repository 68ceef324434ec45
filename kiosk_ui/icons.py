"""Pictures as inline SVG, so that they take the colour of the text beside them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup

_OPENING = re.compile(r"<svg[^>]*?>")


@cache
def icon(name: str, *, mirror: bool = False) -> Markup:
    """Return an icon that says nothing to a screen reader; `mirror` turns it in right-to-left."""
    path = files("kiosk_ui").joinpath("static", "icons", f"{name}.svg")
    drawing = path.read_text(encoding="utf-8")
    inner = _OPENING.sub("", drawing, count=1)
    kind = "icon mirror" if mirror else "icon"
    opening = f'<svg class="{kind}" viewBox="0 0 48 48" fill="none" aria-hidden="true">'
    return Markup(opening + inner.strip())
