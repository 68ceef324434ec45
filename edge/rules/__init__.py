"""Clinical rules: cited tables (TOML) and the small pure functions that read them.

A rule is one module and one table beside it, and a row here. Intake judges every reading of a
patient by all of them, and the desk names them.
"""

from __future__ import annotations

from edge.rules import news2_red
from edge.rules.rule import Rule

RULES: tuple[Rule, ...] = (news2_red.RULE,)
