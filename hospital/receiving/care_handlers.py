"""What the hospital does with each kind of entry of care that it applies: part of `HANDLERS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hospital.receiving.danger_handlers import DANGER_HANDLERS
from hospital.receiving.follow_up_handlers import FOLLOW_UP_HANDLERS
from hospital.receiving.handler import Handler
from hospital.receiving.referral_handlers import REFERRAL_HANDLERS
from hospital.receiving.report_handlers import REPORT_HANDLERS

CARE_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    **FOLLOW_UP_HANDLERS,
    **REFERRAL_HANDLERS,
    **DANGER_HANDLERS,
    **REPORT_HANDLERS,
}
