"""A box joins its hospital with a one-use claim, over HTTP or with two files on a stick.

Every step can be repeated: the request is made once and kept, the hospital answers the same
request with the same bytes, and files are replaced whole.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from edge.settings.box_settings import Settings
from edge.store import durable, foreign_files
from provisioning.box_setup import set_link
from provisioning.errors import CommandFailed, InputError
from sync.keys import enrolment, membership
from sync.keys.enrolment import Claim, EnrolmentError, Grant, Request
from sync.keys.keys import BoxKeys, KeyFileError, certificate_request
from sync.link.tls import ignore_dates

TIMEOUT_S = 60
CSR_FILE = "box.csr"
RENEWED_FILE = "renewed-for"
"""Holds the SHA-256 of the claim for which new keys were made."""

_CLAIM_AT_FAULT = {"claim-wrong", "claim-unknown", "claim-expired", "claim-used", "proof-wrong"}


def enrol(home: Path, claim_text: str, *, new_keys: bool = False) -> Grant:
    """Enrol the box of `home`; return what the hospital granted.

    With `new_keys` the box gives up its keys first, as a readmitted one must.

    Raises `InputError` when the claim is at fault and `CommandFailed` when the hospital cannot be
    reached or its answer cannot be trusted. Doing it again with the same claim is harmless.
    """
    if new_keys:
        _renew(home, claim_text)
    claim, request = prepare(home, claim_text)
    return accept(home, claim, request, _post(claim.url + enrolment.PATH, request.encode()))


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits on a stick for its answer; the hospital sees its fingerprint too."""

    file: Path
    fingerprint: str


def by_stick(
    home: Path, claim_text: str, folder: Path, *, new_keys: bool = False
) -> Grant | WaitingRequest:
    """Take in the hospital's answer from a stick when it is there, else write the request.

    Raises like `enrol`, and `OSError`.
    """
    if new_keys:
        _renew(home, claim_text)
    claim, request = prepare(home, claim_text)
    answer = folder / enrolment.answer_file(request.box_id)
    if answer.is_file():
        return accept(home, claim, request, _read_file(answer))
    file = folder / enrolment.request_file(request.box_id)
    foreign_files.replace(file, request.encode())
    return WaitingRequest(file, request.fingerprint())


def prepare(home: Path, claim_text: str) -> tuple[Claim, Request]:
    """Make the box's keys, if it has none, and its request: what `enrol` posts or a stick takes."""
    settings = Settings.load(home)
    try:
        claim = Claim.parse(claim_text)
    except EnrolmentError as error:
        raise _worded(error) from error
    keys = _keys(settings)
    csr = _csr(settings, keys).decode("ascii")
    public = keys.public
    bare = Request(claim.claim_id, settings.box_id, csr, public.sign, public.decrypt)
    return claim, enrolment.ask(claim, bare, keys.sign.sign)


def accept(home: Path, claim: Claim, request: Request, answer: bytes) -> Grant:
    """Check the hospital's answer and store what it grants; raises like `enrol`."""
    try:
        grant = enrolment.open_answer(request, claim.secret, answer)
    except EnrolmentError as error:
        raise _worded(error) from error
    if enrolment.is_this_machine(grant.broker_host) and not enrolment.is_this_machine(_host(claim)):
        raise CommandFailed(
            "broker-elsewhere",
            f"the hospital names {grant.broker_host} as its broker, which is this very machine: it"
            " must set broker.host to the address by which boxes reach it, and make a new claim",
        )
    membership.keep(Settings.load(home).keys, grant)
    set_link(home, grant.broker_host, grant.broker_port)
    return grant


def _host(claim: Claim) -> str:
    return urlsplit(claim.url).hostname or ""


def _keys(settings: Settings) -> BoxKeys:
    try:
        return BoxKeys.load(settings.keys)
    except KeyFileError as error:
        if (settings.keys / membership.CERTIFICATE_FILE).exists():
            raise CommandFailed(
                "keys", f"the keys of this enrolled box are damaged: {error}"
            ) from error
    (settings.keys / CSR_FILE).unlink(missing_ok=True)
    keys = BoxKeys.generate()
    keys.save(settings.keys)
    return keys


def _renew(home: Path, claim_text: str) -> None:
    """Make new keys, once for each claim: a second try must send the same request."""
    settings = Settings.load(home)
    mark = settings.keys / RENEWED_FILE
    digest = hashlib.sha256(claim_text.encode("utf-8")).hexdigest()
    if mark.exists() and mark.read_text(encoding="ascii") == digest:
        return
    keys = BoxKeys.generate()
    keys.save(settings.keys)
    (settings.keys / CSR_FILE).unlink(missing_ok=True)
    durable.replace(mark, digest.encode("ascii"))


def _csr(settings: Settings, keys: BoxKeys) -> bytes:
    # Its signature is random: a second request for the same key would look like another box's.
    file = settings.keys / CSR_FILE
    if not file.exists():
        durable.replace(file, certificate_request(keys, settings.box_id))
    return file.read_bytes()


def _post(url: str, body: bytes) -> bytes:
    request = HttpRequest(url, body, {"Content-Type": enrolment.CONTENT_TYPE}, method="POST")
    try:
        with urlopen(request, timeout=TIMEOUT_S, context=_any_date()) as response:
            return _read(response.read)
    except HTTPError as error:
        with error:
            return _read(error.read)  # a refusal, in words
    except (URLError, OSError) as error:
        why = error.reason if isinstance(error, URLError) else error
        if enrolment.is_this_machine(urlsplit(url).hostname or ""):
            raise InputError(
                "claim-elsewhere",
                f"the claim names this very machine ({url.removesuffix(enrolment.PATH)}), and no"
                " hospital answers here: ask for a claim with the address by which boxes reach"
                " the hospital",
            ) from error
        raise CommandFailed(
            "unreachable", f"the hospital at {url} cannot be reached: {why}"
        ) from error


def _read_file(file: Path) -> bytes:
    with foreign_files.open_to_read(file) as opened:
        return _read(opened.read)


def _any_date() -> ssl.SSLContext:
    """For https: the claim protects request and answer, and this clock may be wrong."""
    context = ssl.create_default_context()
    ignore_dates(context)
    return context


def _read(read: Callable[[int], bytes]) -> bytes:
    return read(enrolment.MAX_MESSAGE + 1)


def _worded(error: EnrolmentError) -> InputError | CommandFailed:
    if error.kind in _CLAIM_AT_FAULT:
        return InputError(error.kind, str(error))
    if error.kind in ("malformed", "answer-forged"):
        text = f"what answered is not the hospital of this claim ({error})"
        return CommandFailed(error.kind, text)
    return CommandFailed(error.kind, f"the hospital refuses: {error}")
