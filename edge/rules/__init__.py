"""Clinical rules: cited tables (TOML) and the small pure engine that reads them.

Each rule is one file of `tables/`.
"""

from __future__ import annotations

from edge.rules.library import rules as rules
