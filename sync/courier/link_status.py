"""The status of the link for the screens: its state, and the issues of link and enrolment.

Nothing here decides about delivery. A full disk may keep a status from being stored; records are
sent all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from edge.model.clock import TRUSTED, Stamp
from edge.model.errors import DiskError
from edge.store import issues, outbox
from edge.store.store import Store
from sync.core import BoxSession, Phase
from sync.core import session as core
from sync.core.messages import QUARANTINED, REPLACED, REVOKED
from sync.link.transport import CertificateSpan, Why

log = logging.getLogger(__name__)

_SHOWN = {Phase.STREAMING: "up", Phase.FENCED: "fenced", Phase.OFFLINE: "down"}

_SHUT_OUT = {QUARANTINED: "identity-doubled", REVOKED: "shut-out", REPLACED: "shut-out"}
"""Which issue a fence raises; any other reason is shown as it is."""

CERTIFICATE = "certificate-date"

_OVER_WHEN_UP = ("broker-unreachable", "link-refused", outbox.DIFFERS, *_SHUT_OUT.values())


class LinkStatus:
    """Stores the status in the box's database; `now` gives its time, `host` is the broker's."""

    def __init__(self, store: Store, now: Callable[[], Stamp], host: str) -> None:
        self._store, self._now, self._host = store, now, host
        self._shown = ""

    def show(self, session: BoxSession) -> bool:
        """Store the state of the link if it changed; return whether it did."""
        trying = "down" if session.failures else "dialing"
        state = _SHOWN.get(session.phase, trying)
        if state == self._shown or not self.write(lambda: self._set_link(state)):
            return False
        self._shown = state
        return True

    def stopped(self) -> None:
        """Store that the courier has stopped."""
        self.write(lambda: outbox.set_link(self._store, "down", self._now(), "stopped"))

    def failed(self, why: Why, detail: str) -> None:
        """Store why a session ended."""
        log.warning("link %s: %s", why, detail)
        if why is Why.REFUSED:
            self._note_issue("link-refused", "broker-unreachable", detail)
        elif why is Why.UNREACHABLE:
            self._note_issue("broker-unreachable", "link-refused", "")

    def note(self, note: core.Note) -> None:
        """Store a note of the protocol core as an issue."""
        log.warning("%s: %s", note.kind, note.text)
        if note.kind == "fenced":
            kind = _SHUT_OUT.get(note.text, "link-refused")
            self._note_issue(kind, "broker-unreachable", note.text)
        elif note.kind == "fork":
            self._note_issue(outbox.DIFFERS, "broker-unreachable", note.text)

    def judge_certificate(self, span: CertificateSpan | None) -> None:
        """Say when the broker's certificate does not hold by a date that somebody vouched for.

        A box that does not know the date says so elsewhere (`clock-unset`).
        """
        now = self._now()
        if span is None or now.quality not in TRUSTED:
            return
        if span.first_s <= now.wall_ms // 1000 <= span.last_s:
            self.write(lambda: issues.clear(self._store, CERTIFICATE))
            return
        first, last = (datetime.fromtimestamp(s, UTC).date() for s in (span.first_s, span.last_s))
        detail = f"{first} – {last}"
        self.write(lambda: issues.note(self._store, now, CERTIFICATE, detail=detail))

    def write(self, write: Callable[[], object]) -> bool:
        """Run a write; False when the disk refuses it. Sending must go on then."""
        try:
            write()
        except DiskError as error:
            log.warning("not written down: %s", error)
            return False
        return True

    def _set_link(self, state: str) -> None:
        log.info("link: %s", state)
        with self._store.transaction():
            outbox.set_link(self._store, state, self._now(), self._host)
            if state == "up":
                for kind in _OVER_WHEN_UP:
                    issues.clear(self._store, kind)

    def _note_issue(self, kind: str, instead_of: str, detail: str) -> None:
        def write() -> None:
            with self._store.transaction():
                issues.clear(self._store, instead_of)
                issues.note(self._store, self._now(), kind, detail=detail)

        self.write(write)
