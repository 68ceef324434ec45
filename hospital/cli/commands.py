"""`healthpost hospital`: the commands of whoever runs the hospital's machine.

Exit 0: done; 2: the input is wrong; 1: it failed. With `--json` an error is {"kind", "message"}.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import segno

from edge.process.cli_secret import read_secret, secret_option
from edge.process.home import Service, make_home
from edge.settings.toml_table import HIGHEST_PORT
from hospital.accounts import accounts
from hospital.archive import Archive
from hospital.archive.errors import NotFound, SettingsError, WrongInput
from hospital.archive.open import open_archive
from hospital.archive.settings import (
    BROKERS,
    DEFAULT_HOME,
    HospitalSettings,
    home_folder,
    settings_file,
)
from hospital.broker import broker
from hospital.cli import enrolment_commands, link_commands, report_command, rule_commands
from hospital.cli.init import create_hospital, refuse_second
from hospital.cli.output import hospital_home, open_hospital, say, speaks_json
from hospital.fleet import boxes, claims
from hospital.fleet.authority import Authority
from hospital.receiving import custody
from hospital.views import chart
from sync.core.messages import REVOKED
from sync.keys.enrolment import is_this_machine

SERVICE = Service(DEFAULT_HOME, "healthpost-hospital")
"""As `deploy/healthpost-hospital.service` says."""

_PORT = click.IntRange(1, HIGHEST_PORT)


@click.group()
def hospital() -> None:
    """The hospital's end: serve it, admit boxes, shut boxes out."""


@hospital.command()
@click.option("--name", default="Hospital", show_default=True)
@click.option("--archive", default="sqlite", show_default=True, help='"sqlite" or postgresql://…')
@click.option("--broker", "kind", type=click.Choice(BROKERS), default="iotcore", show_default=True)
@click.option("--broker-listen", default="127.0.0.1", show_default=True)
@click.option("--broker-host", default="127.0.0.1", show_default=True, help="As boxes reach it.")
@click.option("--broker-port", type=_PORT, default=8883, show_default=True)
@click.option("--host-name", "names", multiple=True, help="More names in the broker's certificate.")
@click.option("--desk-host", default="127.0.0.1", show_default=True)
@click.option("--desk-port", type=_PORT, default=8700, show_default=True)
@click.option("--url", default="", help="The desk as boxes reach it, http://…")
@click.option("--user", help="A first account for the desk; asked for when it is missing.")
@secret_option("password", "its password")
@speaks_json
def init(
    names: tuple[str, ...],
    kind: str,
    user: str | None,
    password_file: Path | None,
    **options: Any,
) -> None:
    """Make a hospital: its settings, authority, keys and archive, and who may use the desk first.

    A password of PostgreSQL belongs into the file ~/.pgpass of whoever serves the hospital.
    """
    as_json, host = options.pop("as_json"), options["broker_host"]
    refuse_second(home_folder())
    _keep_secret(options["archive"])
    if user is None and not as_json and sys.stdin.isatty():
        user = click.prompt("First account for the desk (empty: none)", default="", err=True,
                            show_default=False) or None  # fmt: skip
    password = None if user is None else read_secret(password_file, "password", "its password")
    if user is not None and password is not None:
        accounts.check(user, password)  # before anything is made
    make_home(home_folder(), SERVICE)
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
    if user is not None and password is not None:
        _account(settings, user, password)
    say(
        {"home": str(settings.home), "desk": settings.desk_url, "broker": settings.broker},
        f"{settings.name} in {settings.home}.\n{_next(user)}",
        as_json,
    )


def _next(user: str | None) -> str:
    first = "" if user else "`healthpost hospital account NAME` (nobody can sign in before), "
    return f"Next: {first}`healthpost hospital serve`, `healthpost hospital claim --clinic NAME`."


def _keep_secret(archive: str) -> None:
    """Refuse an address with a password: everybody on the machine reads the command line."""
    if "://" in archive and urlsplit(archive).password is not None:
        raise WrongInput(
            "everybody on this machine can read a password on a command line: leave it out of"
            " --archive and write it into the file ~/.pgpass, or into hospital.toml afterwards"
        )


@hospital.command()
def serve() -> None:
    """Run broker, receive worker and desk in the foreground."""
    from hospital.serve import main

    sys.exit(main())


@hospital.command()
@click.argument("name")
@click.option("--full-name", default="", help="As clinics are told it, such as Dr Amina Shah.")
@click.option("--telephone", default="", help="As clinics are told it beside an alert.")
@secret_option("password", "the password")
@speaks_json
def account(
    name: str, full_name: str, telephone: str, password_file: Path | None, as_json: bool
) -> None:
    """Let a person use the desk, or give them a new password."""
    settings = HospitalSettings.load(hospital_home())
    _account(settings, name, read_secret(password_file, "password", "the password"))
    if full_name or telephone:
        _describe(settings, name, full_name, telephone)
    say({"account": name}, f"{name} may use the desk.", as_json)


@hospital.command()
@click.option("--clinic", help="The clinic's name; may be left out where another box names it.")
@click.option("--readmits", metavar="BOX", help="Let this box in again, under new keys.")
@click.option("--replaces", metavar="BOX", help="Shut this box out once the new one has joined.")
@click.option("--this-machine", is_flag=True, help="The box runs on the hospital's own machine.")
@speaks_json
def claim(
    clinic: str | None,
    readmits: str | None,
    replaces: str | None,
    this_machine: bool,
    as_json: bool,
) -> None:
    """Make a one-use claim: the text that a technician types or scans at the box."""
    with open_hospital() as (settings, archive):
        if not this_machine:
            _check_reach(settings)
        instead = claims.Instead(readmits, replaces)
        now = datetime.now(UTC)
        whose = _clinic(archive, clinic, instead)
        made = claims.create(archive, whose, settings.desk_url, now, instead)
    expires = datetime.fromtimestamp(made.expires_s, UTC).isoformat()
    output = {"claim": made.text(), "id": made.claim_id, "clinic": made.clinic, "expires": expires}
    words = f"For one box of {made.clinic}, until {expires}:\n{made.text()}\n{_qr(made.text())}"
    say(output, words, as_json)


@hospital.command("broker-config")
@speaks_json
def broker_config(as_json: bool) -> None:
    """Write the broker's certificates, rules and configuration, and say where."""
    settings, now = HospitalSettings.load(hospital_home()), datetime.now(UTC)
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


def _clinic(archive: Archive, name: str | None, instead: claims.Instead) -> str:
    """Return the clinic's name, that of the box to readmit or to replace when none is given."""
    if name is None:
        for box_id in filter(None, (instead.readmits, instead.replaces)):
            box = boxes.get(archive, box_id)
            if box is None:
                raise NotFound(f"no box {box_id}")
            return box.clinic
    if not (name or "").strip():
        raise WrongInput("for which clinic is the claim? Name it with --clinic NAME")
    return str(name).strip()


def _check_reach(settings: HospitalSettings) -> None:
    """Refuse a claim with which a box on another machine would look for the hospital in itself."""
    desk, broker_host = urlsplit(settings.desk_url).hostname or "", settings.broker_host
    for key, host in (("desk.url", desk), ("broker.host", broker_host)):
        if is_this_machine(host):
            raise SettingsError(
                f"a box on another machine cannot reach {host}: set {key} in"
                f" {settings_file(settings.home)} to the address by which boxes reach this"
                " machine, or add --this-machine for a box that runs here"
            )


def _account(settings: HospitalSettings, name: str, secret: str) -> None:
    archive = open_archive(settings)
    try:
        accounts.put(archive, name, secret)
    finally:
        archive.close()


def _describe(settings: HospitalSettings, name: str, full_name: str, telephone: str) -> None:
    archive = open_archive(settings)
    try:
        accounts.describe(archive, name, full_name, telephone)
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


for _command in (
    *link_commands.COMMANDS,
    *enrolment_commands.COMMANDS,
    report_command.report,
    rule_commands.compare_rules,
):
    hospital.add_command(_command)
