"""What a courier does on the side while a session stands: report, renew certificate and keys."""

from __future__ import annotations

import logging
import shutil

from edge.model.clock import TRUSTED, Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store
from sync.box import key_commands
from sync.core import BoxSession, hello_header
from sync.courier import telemetry
from sync.courier.data_budget import DataBudget
from sync.courier.sealed_link import SealedLink
from sync.keys.keys import NEXT_SIGN_FILE, BoxKeys, KeyFileError, certificate_request, prepare
from sync.keys.membership import Membership

log = logging.getLogger(__name__)

REPORT_MS = 300_000
RENEW_MS = 3_600_000


class Housekeeping:
    """Runs them over one member's radio; each `run` may raise `LinkError`."""

    def __init__(
        self,
        store: Store,
        member: Membership,
        settings: Settings,
        radio: SealedLink,
        purse: DataBudget,
    ) -> None:
        self._store, self._member, self._settings = store, member, settings
        self._radio, self._purse = radio, purse
        self._reported: tuple[str, ...] | None = None
        self._report_ms = 0
        self._reports = 0
        self._renew_ms = 0
        self._announced = b""
        self._announce_ms = 0

    def run(self, now: Stamp, session: BoxSession) -> None:
        """Do what is due in a session that stands."""
        if self._radio.link.up:
            self._report(now, session)
            self._renew(now, session)
            self._announce(now, session)

    def _report(self, now: Stamp, session: BoxSession) -> None:
        """Say how the box is doing: every few minutes, and soon when something else is wrong."""
        free = shutil.disk_usage(self._settings.home).free
        status = telemetry.summary(self._store, now, free)
        if status.wrong == self._reported and now.t_ms < self._report_ms:
            return
        if not self._purse.may_send(telemetry.LANE):
            return
        self._reported, self._report_ms = status.wrong, now.t_ms + REPORT_MS
        self._reports += 1
        header = telemetry.header(self._member.box_id, session.epoch, session.nonce, self._reports)
        self._radio.say(header, telemetry.encode(status), qos=0)

    def _renew(self, now: Stamp, session: BoxSession) -> None:
        """Ask for a new certificate while the old one still holds, once an hour at most."""
        if now.t_ms < self._renew_ms or now.quality not in TRUSTED:
            return
        self._renew_ms = now.t_ms + RENEW_MS
        if self._is_due(now):
            request = certificate_request(self._member.keys, self._member.box_id)
            header = hello_header(self._member.box_id, session.nonce, session.epoch)
            self._radio.say(header, key_commands.encode_renewal(request))
            prepare(self._settings.keys)

    def _announce(self, now: Stamp, session: BoxSession) -> None:
        """Tell of new keys, once in a session and then once an hour, until they are taken."""
        again = session.nonce == self._announced and now.t_ms < self._announce_ms
        if again or not (self._settings.keys / NEXT_SIGN_FILE).exists():
            return
        box_id, keys = self._member.box_id, self._member.keys
        payload = self._told_keys(box_id, keys)
        if payload is not None:
            self._announced, self._announce_ms = session.nonce, now.t_ms + RENEW_MS
            self._radio.say(hello_header(box_id, session.nonce, session.epoch), payload)

    def _told_keys(self, box_id: str, keys: BoxKeys) -> bytes | None:
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
