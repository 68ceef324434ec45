"""`healthpost hospital`: the commands of whoever runs the hospital's machine.

Exit 0: done; 2: the input is wrong; 1: it failed. With `--json` an error is {"kind", "message"}.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import click
import segno

from hospital.accounts import accounts
from hospital.archive import Archive
from hospital.archive.open import open_archive
from hospital.archive.settings import BROKERS, HospitalSettings, home_folder
from hospital.broker import broker
from hospital.cli import link_commands
from hospital.cli.init import create_hospital
from hospital.cli.output import open_hospital, say, speaks_json
from hospital.fleet import boxes, claims
from hospital.fleet.authority import Authority
from hospital.receiving import custody
from hospital.views import chart
from sync.core.messages import REVOKED


@click.group()
def hospital() -> None:
    """The hospital's end: serve it, admit boxes, shut boxes out."""


@hospital.command()
@click.option("--name", default="Hospital", show_default=True)
@click.option("--archive", default="sqlite", show_default=True, help='"sqlite" or postgresql://…')
@click.option("--broker", "kind", type=click.Choice(BROKERS), default="iotcore", show_default=True)
@click.option("--broker-listen", default="127.0.0.1", show_default=True)
@click.option("--broker-host", default="127.0.0.1", show_default=True, help="As boxes reach it.")
@click.option("--broker-port", type=int, default=8883, show_default=True)
@click.option("--host-name", "names", multiple=True, help="More names in the broker's certificate.")
@click.option("--desk-host", default="127.0.0.1", show_default=True)
@click.option("--desk-port", type=int, default=8700, show_default=True)
@click.option("--url", default="", help="The desk as boxes reach it, http://…")
@click.option("--user", help="A first account for the desk.")
@click.option("--password", help="Its password; asked for when it is missing.")
@speaks_json
def init(
    names: tuple[str, ...], kind: str, user: str | None, password: str | None, **options: Any
) -> None:
    """Make a hospital: its settings, authority, keys and archive."""
    as_json = options.pop("as_json")
    host = options["broker_host"]
    settings = create_hospital(
        HospitalSettings(
            home=home_folder(),
            name=options["name"],
            archive=options["archive"],
            broker=kind,
            broker_listen=options["broker_listen"],
            broker_host=host,
            broker_port=options["broker_port"],
            worker_port=options["broker_port"],
            names=tuple(dict.fromkeys((host, *names, "localhost", "127.0.0.1"))),
            desk_host=options["desk_host"],
            desk_port=options["desk_port"],
            public_url=options["url"].rstrip("/"),
        )
    )
    if user is not None:
        _account(settings, user, password)
    say(
        {"home": str(settings.home), "desk": settings.desk_url, "broker": settings.broker},
        f"{settings.name} in {settings.home}.\n"
        "Next: `healthpost hospital serve`, then `healthpost hospital claim --clinic NAME`.",
        as_json,
    )


@hospital.command()
def serve() -> None:
    """Run broker, receive worker and desk in the foreground."""
    from hospital.serve import main

    main()


@hospital.command()
@click.argument("name")
@click.option("--password", help="Asked for when it is missing.")
@speaks_json
def account(name: str, password: str | None, as_json: bool) -> None:
    """Let a person use the desk, or give them a new password."""
    _account(HospitalSettings.load(), name, password)
    say({"account": name}, f"{name} may use the desk.", as_json)


@hospital.command()
@click.option("--clinic", required=True, help="The clinic's name, as people call it.")
@click.option("--readmits", metavar="BOX", help="Let this box in again, under new keys.")
@click.option("--replaces", metavar="BOX", help="Shut this box out once the new one has joined.")
@speaks_json
def claim(clinic: str, readmits: str | None, replaces: str | None, as_json: bool) -> None:
    """Make a one-use claim: the text that a technician types or scans at the box."""
    with open_hospital() as (settings, archive):
        instead = claims.Instead(readmits, replaces)
        now = datetime.now(UTC)
        made = claims.create(archive, clinic.strip(), settings.desk_url, now, instead)
    expires = datetime.fromtimestamp(made.expires_s, UTC).isoformat()
    output = {"claim": made.text(), "id": made.claim_id, "clinic": made.clinic, "expires": expires}
    words = f"For one box of {made.clinic}, until {expires}:\n{made.text()}\n{_qr(made.text())}"
    say(output, words, as_json)


@hospital.command("broker-config")
@speaks_json
def broker_config(as_json: bool) -> None:
    """Write the broker's certificates, rules and configuration, and say where."""
    settings, now = HospitalSettings.load(), datetime.now(UTC)
    authority = Authority.open(settings.authority)
    broker.certify_worker(settings, authority, now)
    prepared = broker.prepare(settings, authority, now)
    output = {"config": str(prepared.config), "limits": list(broker.limits(settings))}
    say(output, "\n".join([str(prepared.config), *broker.limits(settings)]), as_json)


@hospital.command("boxes")
@speaks_json
def list_boxes(as_json: bool) -> None:
    """List the boxes: when heard, what we confirmed, what they said still waits."""
    with open_hospital() as (_, archive):
        lines = [_line(c) for c in chart.clinics(archive)]
    text = "\n".join(
        f"{c['box']}  {c['clinic']}  {c['standing']}  heard {c['heard'] or 'never'}"
        f"  confirmed {c['confirmed']}  waiting {c['waiting']}{_remarks(c)}"
        for c in lines
    )
    say({"boxes": lines}, text or "No box has joined yet.", as_json)


@hospital.command()
@click.argument("box_id", metavar="BOX")
@speaks_json
def revoke(box_id: str, as_json: bool) -> None:
    """Shut a box out: its certificate, its sessions and its frames. Its records stay."""
    with open_hospital() as (settings, archive):
        shut_out(settings, archive, box_id)
    say({"box": box_id, "standing": REVOKED}, f"Box {box_id} is shut out.", as_json)


@hospital.command()
@speaks_json
def status(as_json: bool) -> None:
    """Say what the archive holds, how the clinics stand, and what the broker does not enforce."""
    with open_hospital() as (settings, archive):
        contents = {"engine": archive.engine, "readings": chart.count_readings(archive)}
        refused = custody.refusals(archive)
        lines = [_line(c) for c in chart.clinics(archive)]
    limits = list(broker.limits(settings))
    output: dict[str, object] = {"archive": contents, "broker": settings.broker, "limits": limits}
    output |= {"desk": settings.desk_url, "boxes": lines, "refused": refused}
    words = f"{contents['readings']} readings in {contents['engine']}, {len(lines)} boxes"
    say(output, "\n".join([words, *limits]), as_json)


def shut_out(settings: HospitalSettings, archive: Archive, box_id: str) -> None:
    """Revoke a box: first its standing, which its next frame meets, then its certificate."""
    box = boxes.set_standing(archive, box_id, REVOKED)
    authority = Authority.open(settings.authority)
    for serial in box.serial.split(","):  # the latest certificate, and the one it renewed
        authority.revoke(serial, datetime.now(UTC))


def _account(settings: HospitalSettings, name: str, password: str | None) -> None:
    secret = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    archive = open_archive(settings)
    try:
        accounts.put(archive, name, secret)
    finally:
        archive.close()


def _line(c: chart.ClinicLine) -> dict[str, object]:
    heard = None if c.heard_ms is None else datetime.fromtimestamp(c.heard_ms / 1000, UTC)
    return {
        "box": c.box,
        "clinic": c.clinic,
        "standing": c.standing,
        "heard": heard.isoformat() if heard else None,
        "confirmed": c.confirmed,
        "waiting": c.waiting,
        "safe": c.safe,
        "refused": c.refused,
        "forks": c.forks,
        "unread": c.unread,
        "missing": c.missing,
        "why": c.why,
        "status": c.status,
    }


def _remarks(line: dict[str, object]) -> str:
    """Return what somebody must know or do about a box, each on a line of its own."""
    remarks = []
    if line["unread"]:
        remarks.append(f"{line['unread']} of its records cannot be read here; they are kept")
    if line["missing"]:
        remarks.append(
            f"{line['missing']} records are in no archive of ours any more:"
            " restore the newest backup"
        )
    if line["why"]:
        remarks.append(str(line["why"]))
    return "".join(f"\n    {text}" for text in remarks)


def _qr(text: str) -> str:
    """Draw a QR code that a phone reads off a terminal."""
    drawing = io.StringIO()
    segno.make(text).terminal(drawing, compact=True)
    return drawing.getvalue()


for _command in link_commands.COMMANDS:
    hospital.add_command(_command)
