"""Which protocols need a conversation, one row each; all others are only listened to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.driver import Session
from devices.protocols.laboratory import Test
from devices.sessions import (
    analyser,
    berry_pm6750,
    cms50_v7,
    freestyle_optium,
    medlab_nibp2020,
    nonin_df13,
    onetouch_ultra2,
    onetouch_ultraeasy,
    sd_codefree,
    suntech_nibp,
    taidoc_51,
)

SESSIONS: dict[str, Callable[[], Session]] = {
    "taidoc_51": taidoc_51.session,
    "cms50_v7": cms50_v7.session,
    "suntech_nibp": suntech_nibp.session,
    "medlab_nibp2020": medlab_nibp2020.session,
    "berry_pm6750": berry_pm6750.session,
    "onetouch_ultra2": onetouch_ultra2.session,
    "onetouch_ultraeasy": onetouch_ultraeasy.session,
    "freestyle_optium": freestyle_optium.session,
    "sd_codefree": sd_codefree.session,
    "nonin_df13": nonin_df13.session,
}

ANALYSERS: dict[str, Callable[[Mapping[str, Test]], Session]] = {
    "astm_e1381": analyser.astm,
    "hl7_mllp": analyser.hl7,
}
"""These need the site's map of test codes."""

_CUFFS = {
    "suntech_nibp": ("start-adult", "start-child", "start-newborn", "stop"),
    "medlab_nibp2020": ("start-adult", "stop"),
    "berry_pm6750": ("start-adult", "stop"),
}


def session_for(protocol: str, tests: Mapping[str, Test] | None = None) -> Session | None:
    """Return a new session of a protocol; None for one that is only listened to."""
    if protocol in ANALYSERS:
        return ANALYSERS[protocol](tests or {})
    factory = SESSIONS.get(protocol)
    return None if factory is None else factory()


def requests_of(protocol: str) -> tuple[str, ...]:
    """Return what a person may ask of a device, of `edge.equipment.device_requests.KINDS`."""
    return _CUFFS.get(protocol, ())


def cuffs() -> tuple[str, ...]:
    """Return the protocols whose devices can be asked to inflate."""
    return tuple(_CUFFS)
