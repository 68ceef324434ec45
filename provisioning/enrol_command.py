"""`healthpost enrol`: join the hospital, by the line or by two files on a stick."""

from __future__ import annotations

from pathlib import Path

import click

from edge.process.cli_secret import read_secret, secret_option
from edge.settings.box_settings import Settings
from provisioning.output import box_home, say, speaks_json

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@secret_option("claim", "the claim")
@click.argument("typed", metavar="", required=False)
@click.option("--new-keys", is_flag=True, help="Make new keys first: another box had the old ones.")
@click.option("--stick", type=_FOLDER, metavar="FOLDER", help="By two files instead of the line.")
@speaks_json
def enrol(
    claim_file: Path | None, typed: str | None, new_keys: bool, stick: Path | None, as_json: bool
) -> None:
    """Join the hospital with a one-time claim: the text of its QR code, which is asked for.

    With --stick the first call writes the request. Carry it to the hospital, answer it there with
    `healthpost hospital enrol FOLDER`, and call the same here again with the same claim.
    """
    if typed is not None:
        raise click.UsageError(
            "everybody on this machine can read a claim on a command line. Run"
            " `healthpost enrol` to be asked for it, or name a file with --claim-file"
            " (- for standard input)."
        )
    from provisioning import enrol as joining

    home = box_home()
    Settings.load(home)  # no claim is asked for where there is no box
    claim = read_secret(claim_file, "claim", "the claim", hidden=False)
    if stick is None:
        joined = joining.enrol(home, claim, new_keys=new_keys)
    else:
        answered = joining.by_stick(home, claim, stick, new_keys=new_keys)
        if isinstance(answered, joining.WaitingRequest):
            words = (
                f"The request is in {answered.file}; the hospital sees it as"
                f" {answered.fingerprint}.\nAnswer it there with `healthpost hospital enrol"
                " FOLDER`, then run the same command here again with the same claim."
            )
            output = {"request": str(answered.file), "fingerprint": answered.fingerprint}
            say(output, words, as_json)
            return
        joined = answered
    broker = f"{joined.broker_host}:{joined.broker_port}"
    words = f"Enrolled for {joined.clinic}; the broker is {broker}."
    say({"clinic": joined.clinic, "broker": broker}, words, as_json)
