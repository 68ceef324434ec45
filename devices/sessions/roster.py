"""Which protocols need a conversation, one row each; all others are only listened to."""

from __future__ import annotations

from collections.abc import Callable

from devices.driver import Session
from devices.sessions import berry_pm6750, cms50_v7, medlab_nibp2020, suntech_nibp, taidoc_51

Factory = Callable[[], Session]

SESSIONS: dict[str, Factory] = {
    "taidoc_51": taidoc_51.session,
    "cms50_v7": cms50_v7.session,
    "suntech_nibp": suntech_nibp.session,
    "medlab_nibp2020": medlab_nibp2020.session,
    "berry_pm6750": berry_pm6750.session,
}

_CUFFS = {
    "suntech_nibp": ("start-adult", "start-child", "start-newborn", "stop"),
    "medlab_nibp2020": ("start-adult", "stop"),
    "berry_pm6750": ("start-adult", "stop"),
}


def session_for(protocol: str) -> Session | None:
    """Return a new session of a protocol; None for one that is only listened to."""
    factory = SESSIONS.get(protocol)
    return None if factory is None else factory()


def requests_of(protocol: str) -> tuple[str, ...]:
    """Return what a person may ask of a device, of `edge.requests.KINDS`."""
    return _CUFFS.get(protocol, ())
