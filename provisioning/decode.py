"""`healthpost decode`: decode the bytes of a device, for a technician."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import click

from devices.capture import decode as core


@click.group(invoke_without_command=True)
@click.option("--lines", is_flag=True, help="Read JSON lines on stdin, write JSON lines.")
@click.pass_context
def decode(context: click.Context, lines: bool) -> None:
    """Explain the bytes of a device, and tell what a box would record of them ("readings").

    With --lines each input line is {"char", "hex"} for Bluetooth or
    {"protocol", "chunks", "direction"?, "map"?} for serial; "map" is the site's map of an
    analyser's tests, {"^^^HB": ["718-7", "g/dL"]}; "encoding", "sample", "time" and "controls" are
    those of a port in the settings.
    """
    if context.invoked_subcommand is not None:
        return
    if not lines:
        raise click.UsageError("give --lines, or one of: ble, serial")
    sys.exit(_decode_lines())


@decode.command()
@click.argument("characteristic")
@click.argument("hex_text", metavar="HEX")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ble(characteristic: str, hex_text: str, as_json: bool) -> None:
    """Explain the value of a GATT CHARACTERISTIC (such as 2A35)."""
    _answer(lambda: core.decode_ble(characteristic, hex_text), as_json)


@decode.command()
@click.argument("protocol")
@click.argument("chunks", metavar="HEX", nargs=-1, required=True)
@click.option("--from-host", is_flag=True, help="The bytes are a command to the device.")
@click.option("--map", "site_map", default="", help='{"^^^HB": ["718-7", "g/dL"]}, of an analyser.')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def serial(
    protocol: str, chunks: tuple[str, ...], from_host: bool, site_map: str, as_json: bool
) -> None:
    """Explain bytes of a serial PROTOCOL, one HEX for each chunk as it was read."""
    line: dict[str, object] = {"protocol": protocol, "chunks": list(chunks)}
    line["direction"] = core.TO_DEVICE if from_host else core.FROM_DEVICE
    _answer(lambda: core.decode_line(line | _map_of(site_map)), as_json)


def _map_of(text: str) -> dict[str, object]:
    try:
        return {"map": json.loads(text)} if text else {}
    except ValueError:
        raise core.DecodeInputError("bad_map", "--map must be a JSON object") from None


def _answer(ask: Callable[[], dict[str, object]], as_json: bool) -> None:
    try:
        answer = ask()
    except core.DecodeInputError as error:
        if as_json:
            click.echo(json.dumps({"kind": error.kind, "message": str(error)}))
        else:
            click.echo(f"healthpost: {error}", err=True)
        sys.exit(2)
    click.echo(json.dumps(answer, ensure_ascii=False, indent=None if as_json else 2))
    why = core.not_understood(answer)
    if why:
        click.echo(f"healthpost: {why}", err=True)
        sys.exit(2)


def _decode_lines() -> int:
    """Answer line by line; a bad line is answered in its place and the rest goes on."""
    wrong = 0
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = core.decode_line(json.loads(line))
        except core.DecodeInputError as error:
            wrong += 1
            answer = {"kind": error.kind, "message": str(error)}
        except (ValueError, RecursionError):
            wrong += 1
            answer = {"kind": "json", "message": "this line is no JSON"}
        click.echo(json.dumps(answer, ensure_ascii=False))
    return 2 if wrong else 0
