"""Key rotation of a box: old and new pair are both valid for a while, so that no frame is lost.

A box's row holds the pair of its last HELLO; its feed and its commands are sealed to that pair.
Beside it stand a pair that it announced and has not used yet, and pairs that it used before: what
they signed counts for 90 days, on a stick or late on the line. To shut a box out ends all of them.
"""

from __future__ import annotations

import logging

from hospital.archive import Archive, row
from hospital.fleet import commands
from hospital.fleet.boxes import Box
from sync.box.key_commands import KEYS_TAKEN, RENEW_KEYS, decode_announcement
from sync.frames.envelope import keys_hold
from sync.keys.keys import RETIRED_S, PublicKeys, kid

BY = "hospital"
"""The account in whose name a box is notified that its keys are accepted."""

log = logging.getLogger(__name__)


def signer(archive: Archive, box: Box, name: bytes, now_ms: int) -> PublicKeys:
    """Return the box's pair of a key id that counts now; its present pair when there is none."""
    if name == kid(box.keys.sign):
        return box.keys
    pair = row(
        archive,
        "SELECT sign_key, decrypt_key FROM box_key WHERE box = ? AND kid = ?"
        " AND (until_ms IS NULL OR until_ms > ?)",
        (box.id, name, now_ms),
    )
    return (
        box.keys
        if pair is None
        else PublicKeys(bytes(pair["sign_key"]), bytes(pair["decrypt_key"]))
    )


def signers(archive: Archive, box: Box, now_ms: int) -> list[bytes]:
    """Return every key of a box whose signature counts now."""
    rows = archive.rows(
        "SELECT sign_key FROM box_key WHERE box = ? AND (until_ms IS NULL OR until_ms > ?)",
        (box.id, now_ms),
    )
    return [box.keys.sign, *(bytes(r["sign_key"]) for r in rows)]


def request_new_keys(archive: Archive, box_id: str, account: str, now_ms: int) -> None:
    """Command a box to make new keys; raises `HospitalError` when there is no such box."""
    commands.create(archive, box_id, RENEW_KEYS, {}, account, now_ms)


def accept_announcement(
    archive: Archive, box: Box, payload: bytes, name: bytes, now_ms: int
) -> bool:
    """Accept new keys that a box announces under the key id `name`; return whether they count.

    Inside the caller's transaction. The box is notified until it answers; a repeat changes
    nothing. Raises `MessageError`.
    """
    new, proof = decode_announcement(payload)
    old = signer(archive, box, name, now_ms)
    if new.sign == old.sign or not keys_hold(box.id, new, old, proof):
        log.warning("box %s: new keys without a proof", box.id)
        return False
    if new != box.keys:
        _keep(archive, box.id, new, now_ms, None)
    if not _is_acknowledged(archive, box.id, new):
        body = {"sign": new.sign.hex()}
        commands.create(archive, box.id, KEYS_TAKEN, body, BY, now_ms)
        log.info("box %s has new keys", box.id)
    return True


def use_pair(archive: Archive, box: Box, name: bytes, now_ms: int) -> None:
    """A box was admitted under a pair: seal to that one from now on. Inside the transaction."""
    if name == kid(box.keys.sign):
        return
    new = signer(archive, box, name, now_ms)
    if new == box.keys:
        return
    _keep(archive, box.id, box.keys, now_ms, now_ms + RETIRED_S * 1000)
    archive.execute("DELETE FROM box_key WHERE box = ? AND kid = ?", (box.id, name))
    sql = "UPDATE box SET sign_key = ?, decrypt_key = ? WHERE id = ?"
    archive.execute(sql, (new.sign, new.decrypt, box.id))
    log.info("box %s uses its new keys", box.id)


def _keep(
    archive: Archive, box_id: str, keys: PublicKeys, now_ms: int, until_ms: int | None
) -> None:
    archive.execute(
        "INSERT INTO box_key (box, kid, sign_key, decrypt_key, told_ms, until_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (box, kid) DO UPDATE SET"
        " until_ms = excluded.until_ms",
        (box_id, kid(keys.sign), keys.sign, keys.decrypt, now_ms, until_ms),
    )


def _is_acknowledged(archive: Archive, box_id: str, new: PublicKeys) -> bool:
    """Whether the box was notified that these very keys are accepted, and has not refused it."""
    made = commands.of_box(archive, box_id)
    return any(
        directive.command.kind == KEYS_TAKEN
        and directive.command.body.get("sign") == new.sign.hex()
        and directive.outcome in (None, "done")
        for directive in made
    )
