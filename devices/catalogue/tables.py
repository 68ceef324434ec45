"""The catalogue as Markdown, for the pages in docs/devices (cog). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from devices.catalogue.ble_families import BleFamily
from devices.catalogue.protocol_row import ProtocolRow
from devices.driver import LineSettings
from devices.model import Model
from edge.model.reading import Repeats

EXPERIMENTAL = "**experimental**"

Families = Sequence[BleFamily]
Protocols = Sequence[ProtocolRow]


def table(
    models: Iterable[Model],
    simulated: Mapping[str, str],
    protocols: Protocols,
    families: Families,
) -> str:
    """Return the models, one row each."""
    rows = [
        (*_model_row(model, protocols, families), simulated.get(model.name, "")) for model in models
    ]
    head = ("model", "maker", "what it is", "link", "protocol", "evidence", "simulator")
    return _markdown(head, rows)


def protocol_table(protocols: Protocols, families: Families) -> str:
    """Return every protocol and characteristic family, one row each."""
    serial = [
        (
            _link(row.name, row.name),
            row.protocol.title,
            "serial " + ", ".join(line_text(line) for line in row.protocol.lines),
            _serial_evidence(row),
            _REPEATS[row.repeats],
        )
        for row in protocols
    ]
    ble = [
        (
            _link(family.name, family.name),
            ", ".join(characteristic.title for characteristic in family.characteristics),
            "Bluetooth "
            + ", ".join(characteristic.uuid for characteristic in family.characteristics),
            str(family.evidence),
            "by model: docs/bluetooth.md",
        )
        for family in families
    ]
    head = ("protocol", "what speaks it", "link", "evidence", "sends again")
    return _markdown(head, serial + ble)


_REPEATS = {
    Repeats.ACT: "never: the box tells its acts apart",
    Repeats.NEVER: "never: each measurement comes once",
    Repeats.MESSAGE: "a message that was not acknowledged, within minutes",
    Repeats.HELD: "what it still holds; a repetition only while its clock is read and runs",
    Repeats.NUMBERED: "records with a number of their own",
    Repeats.WHOLE: "its whole memory, at each connection; equal records are counted",
}


def serial_facts(row: ProtocolRow, models: Iterable[Model]) -> str:
    """Return what the code knows of a serial protocol, to head its page."""
    labels = ", ".join(model.label for model in models) or "none yet"
    protocol = row.protocol
    rows = [
        ("name", f"`{row.name}`"),
        ("line", ", then ".join(line_text(line) for line in protocol.lines)),
        ("speaks", "streams without pause" if protocol.streaming else "frame by frame"),
        ("models in the catalogue", labels),
        ("evidence", _serial_evidence(row)),
        ("tried on hardware by us", "no"),
    ]
    return _markdown(("", ""), rows)


def ble_facts(family: BleFamily, models: Iterable[Model]) -> str:
    """Return what the code knows of a family of characteristics, to head its page."""
    labels = ", ".join(model.label for model in models) or "none yet"
    rows = [
        *(
            (
                f"`{characteristic.uuid}`",
                characteristic.title + (", streams" * characteristic.streaming),
            )
            for characteristic in family.characteristics
        ),
        ("models in the catalogue", labels),
        ("evidence", family.evidence),
        ("tried on hardware by us", "no"),
    ]
    return _markdown(("", ""), rows)


_PAIRS = {
    "never": "no bond",
    "first": "in pairing mode, before it is used",
    "at-once": "at the first connection",
}
_HISTORY = {
    "none": "nothing kept",
    "sent": "sends what it holds",
    "latest": "sends the latest value only",
    "records": "asked for its records",
}
_HANGS_UP = {"seconds": "within seconds", "idle": "when idle", "never": "never by itself"}


def quirk_table(models: Iterable[Model]) -> str:
    """Return how each Bluetooth model wants to be treated, and on what grounds we say so."""
    head = ("model", "known by", "pairing", "clock", "memory", "hangs up", "also", "grounds")
    return _markdown(head, [_quirk_row(model) for model in models if model.link == "ble"])


def _quirk_row(model: Model) -> tuple[str, ...]:
    quirks = model.quirks
    number = ", asks for its number" if quirks.passkey else ""
    off = f", when wrong by more than {quirks.clock_off_s // 60} min" if quirks.clock_off_s else ""
    also = [
        *(["gives data only for a user's code"] if quirks.consent else []),
        *(["read only after a technician added it"] if quirks.needs_adding else []),
    ]
    return (
        model.label,
        _known_by(model),
        _PAIRS[quirks.pairs] + number,
        f"{model.clock}{off}" if model.clock else "none",
        _HISTORY[quirks.history],
        _HANGS_UP[quirks.hangs_up],
        "; ".join(also),
        "published by owners" if quirks.grounds == "reported" else "**assumed, unverified**",
    )


def _known_by(model: Model) -> str:
    """Return what has to be on the air; a name alone proves nothing."""
    services = " or ".join(model.services)
    names = ", ".join(f"`{prefix}`" for prefix in model.name_prefixes)
    if model.broadcast is None:
        return f"{services}, named {names}" if names else services
    size, company = model.broadcast.size, model.broadcast.company
    return f"{size} bytes of {services}, or company 0x{company:04X} with it; named {names}"


def line_text(line: LineSettings) -> str:
    """Return a line's settings as technicians write them: "2400 7E1"."""
    return f"{line.baud} {line.bits}{line.parity}{line.stop}"


def _model_row(model: Model, protocols: Protocols, families: Families) -> tuple[str, ...]:
    common = (model.name, model.manufacturer, model.title)
    if model.link == "serial":
        row = next(row for row in protocols if row.name == model.protocol)
        return (*common, "serial", _link(row.name, row.name), _serial_evidence(row))
    family = family_of(model, families)
    shown = ", ".join(model.characteristics)
    return (*common, "Bluetooth", _link(shown, family.name), family.evidence)


def family_of(model: Model, families: Families) -> BleFamily:
    """Return the family of a Bluetooth model's first characteristic: what it is there for."""
    first = model.characteristics[0]
    return next(
        family
        for family in families
        if any(characteristic.uuid == first for characteristic in family.characteristics)
    )


def _serial_evidence(row: ProtocolRow) -> str:
    return f"{EXPERIMENTAL}; {row.evidence}" if row.protocol.experimental else row.evidence


def _link(text: str, page: str) -> str:
    return f"[{text}]({page}.md)"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
