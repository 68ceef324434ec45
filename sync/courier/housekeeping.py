"""Periodic work of the courier in a session: status report, renewal of certificate and keys."""

from __future__ import annotations

import logging
import shutil

from edge.model.clock import TRUSTED, Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store
from sync.box import key_commands
from sync.core import BoxSession, hello_header
from sync.courier import telemetry
from sync.courier.sealed_link import SealedLink
from sync.courier.sent_bytes import SentBytes
from sync.keys.keys import NEXT_SIGN_FILE, BoxKeys, KeyFileError, certificate_request, prepare
from sync.keys.membership import Membership

log = logging.getLogger(__name__)

REPORT_MS = 300_000
RENEW_MS = 3_600_000


class Housekeeping:
    """The periodic work of one box; `run` may raise `LinkError`."""

    def __init__(
        self,
        store: Store,
        member: Membership,
        settings: Settings,
        sealed_link: SealedLink,
        budget: SentBytes,
    ) -> None:
        self._store, self._member, self._settings = store, member, settings
        self._sealed_link, self._budget = sealed_link, budget
        self._reported: tuple[str, ...] | None = None
        self._report_ms = 0
        self._reports = 0
        self._renew_ms = 0
        self._announced = b""
        self._announce_ms = 0

    def run(self, now: Stamp, session: BoxSession) -> None:
        """Do what is due, if the link is up."""
        if self._sealed_link.link.up:
            self._report(now, session)
            self._renew(now, session)
            self._announce(now, session)

    def _report(self, now: Stamp, session: BoxSession) -> None:
        """Send the status: every few minutes, and at once when the issues changed."""
        free = shutil.disk_usage(self._settings.home).free
        status = telemetry.summary(self._store, now, free)
        if status.wrong == self._reported and now.t_ms < self._report_ms:
            return
        if not self._budget.may_send(telemetry.LANE):
            return
        self._reported, self._report_ms = status.wrong, now.t_ms + REPORT_MS
        self._reports += 1
        header = telemetry.header(self._member.box_id, session.epoch, session.nonce, self._reports)
        self._sealed_link.send(header, telemetry.encode(status), qos=0)

    def _renew(self, now: Stamp, session: BoxSession) -> None:
        """Ask for a new certificate while the old one still holds, once an hour at most."""
        if now.t_ms < self._renew_ms or now.quality not in TRUSTED:
            return
        self._renew_ms = now.t_ms + RENEW_MS
        if self._is_due(now):
            request = certificate_request(self._member.keys, self._member.box_id)
            header = hello_header(self._member.box_id, session.nonce, session.epoch)
            self._sealed_link.send(header, key_commands.encode_renewal(request))
            prepare(self._settings.keys)

    def _announce(self, now: Stamp, session: BoxSession) -> None:
        """Send the next keys, once in a session and then once an hour, until they are taken."""
        again = session.nonce == self._announced and now.t_ms < self._announce_ms
        if again or not (self._settings.keys / NEXT_SIGN_FILE).exists():
            return
        box_id, keys = self._member.box_id, self._member.keys
        payload = self._announcement(box_id, keys)
        if payload is not None:
            self._announced, self._announce_ms = session.nonce, now.t_ms + RENEW_MS
            self._sealed_link.send(hello_header(box_id, session.nonce, session.epoch), payload)

    def _announcement(self, box_id: str, keys: BoxKeys) -> bytes | None:
        try:
            return key_commands.announcement(box_id, self._settings.keys, keys)
        except KeyFileError as error:
            log.error("%s", error)
            return None

    def _is_due(self, now: Stamp) -> bool:
        try:
            return key_commands.is_due(self._settings.keys, now.wall)
        except KeyFileError as error:
            log.error("%s", error)
            return False
