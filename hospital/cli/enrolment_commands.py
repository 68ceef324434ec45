"""`healthpost hospital claims` and `enrol`: the claims, and boxes that ask by a stick."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from edge.store import foreign_files
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.fleet import claims
from hospital.fleet.authority import Authority
from hospital.fleet.claims import ClaimLine, Offer
from sync.keys import enrolment
from sync.keys.enrolment import EnrolmentError, Request
from sync.keys.keys import HospitalKeys


@click.command("claims")
@speaks_json
def list_claims(as_json: bool) -> None:
    """List the claims: which box used each, and how often another tried in vain."""
    with open_hospital() as (_, archive):
        lines = claims.every(archive)
    rows = [_row(line) for line in lines]
    text = "\n".join(
        f"{row['id']}  {row['clinic']}  {row['state']}  box {row['box'] or '-'}"
        + (f"\n    refused {row['alarms']} times: somebody else may hold this claim"
           if row["alarms"] else "")
        for row in rows
    )  # fmt: skip
    say({"claims": rows}, text or "No claim was made yet.", as_json)


@click.command("enrol")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@speaks_json
def answer_requests(folder: Path, as_json: bool) -> None:
    """Answer the boxes whose requests are in FOLDER (`healthpost enrol --stick`), beside them.

    What is refused is said and answered too; the exit code is 1 then.
    """
    with open_hospital() as (settings, archive):
        rows = [
            _answered(settings, archive, file)
            for file in sorted(folder.glob(enrolment.request_file("*")))
        ]
    text = "\n".join(f"{row['file']}: {row['words']}" for row in rows)
    say({"requests": rows}, text or f"There is no request in {folder}.", as_json)
    if not all(row["granted"] for row in rows):
        raise SystemExit(1)


def _answered(settings: HospitalSettings, archive: Archive, file: Path) -> dict[str, object]:
    told: dict[str, object] = {"file": file.name, "granted": False}
    try:
        message = _read(file)
        request = Request.decode(message)
    except (OSError, EnrolmentError) as error:
        return told | {"words": f"this is no request of a box: {error}"}
    keys = HospitalKeys.load(settings.keys).public
    offer = Offer(keys, settings.broker_host, settings.broker_port)
    authority = Authority.open(settings.authority)
    reply, granted = claims.enrol(archive, authority, offer, message, datetime.now(UTC))
    answer = file.with_name(enrolment.answer_file(request.box_id))
    foreign_files.replace(answer, reply)
    words = "granted" if granted else _why(request, reply)
    told |= {"box": request.box_id, "fingerprint": request.fingerprint(), "granted": granted}
    return told | {"words": f"box {request.box_id} ({request.fingerprint()}): {words}"}


def _why(request: Request, reply: bytes) -> str:
    try:
        enrolment.open_answer(request, bytes(enrolment.SECRET_BYTES), reply)
    except EnrolmentError as error:
        return f"refused: {error}"
    return "refused"


def _read(file: Path) -> bytes:
    with foreign_files.open_to_read(file) as opened:
        return opened.read(enrolment.MAX_MESSAGE + 1)


def _row(line: ClaimLine) -> dict[str, object]:
    expires = datetime.fromtimestamp(line.expires_ms / 1000, UTC)
    state = "open" if expires > datetime.now(UTC) else "expired"
    return {
        "id": line.id,
        "clinic": line.clinic,
        "state": "used" if line.box is not None else state,
        "expires": expires.isoformat(),
        "box": line.box,
        "alarms": line.alarms,
    }


COMMANDS = (list_claims, answer_requests)
