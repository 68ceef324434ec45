"""What the `devices` verbs answer, as JSON and in words."""

from __future__ import annotations

from datetime import datetime

from devices.capture.decode import event_json, plain
from devices.capture.replay import Moment, Replay
from devices.catalogue import SERIAL_PROTOCOLS, Model
from devices.catalogue.ble_families import BLE_FAMILIES
from devices.catalogue.serial_protocols import serial_row
from devices.catalogue.tables import family_of
from edge.equipment import registry
from edge.equipment.controls import Control
from edge.model.coded_results import label_of

Json = dict[str, object]

_SHOWN_EVENTS = 20


def model_json(model: Model) -> Json:
    """Return a row of the catalogue as JSON."""
    return {
        "model": model.name,
        "label": model.label,
        "title": model.title,
        "kinds": [str(kind) for kind in model.kinds],
        "link": model.link,
        "protocol": model.protocol or list(model.characteristics),
        "experimental": _experimental(model),
        "evidence": str(_evidence(model)),
    }


def model_words(model: Model) -> str:
    """Return a row of the catalogue as a line."""
    mark = ", EXPERIMENTAL" if _experimental(model) else ""
    spoken = model.protocol or " ".join(model.characteristics)
    return f"{model.label:<32} {model.title} ({model.link}, {spoken}{mark})"


def _experimental(model: Model) -> bool:
    return model.link == "serial" and SERIAL_PROTOCOLS[model.protocol].experimental


def _evidence(model: Model) -> str:
    row = serial_row(model.protocol)
    return row.evidence if row else family_of(model, BLE_FAMILIES).evidence


def device_json(device: registry.Device) -> Json:
    """Return a device that the box knows as JSON."""
    return {
        "id": device.id,
        "model": device.model,
        "link": device.link,
        "address": device.address,
        "state": device.state,
        "battery": device.battery,
        "clock_offset_s": device.clock_offset_s,
    }


def control_json(control: Control) -> Json:
    """Return a device's measurement of control material as JSON."""
    return {
        "entry": control.entry,
        "device": control.device_id,
        "model": control.model,
        "values": [
            {"code": v.code, "value": str(v.value), "unit": v.unit, "comparator": v.comparator}
            for v in control.values
        ],
        "coded": [{"code": v.code, "word": v.word} for v in control.coded],
        "number": control.record,
        "device_time": plain(control.device_time),
        "wall_ms": control.wall_ms,
    }


def control_words(control: Control) -> str:
    """Return a device's measurement of control material as a line."""
    when = datetime.fromtimestamp(control.wall_ms / 1000).astimezone()
    values = [f"{v.code} {v.comparator}{v.value} {v.unit}".strip() for v in control.values]
    values += [f"{v.code} {label_of(v.word)}" for v in control.coded]
    number = f" ({control.record})" if control.record else ""
    return f"{when:%Y-%m-%d %H:%M}  {control.model}{number}: {', '.join(values)}"


def record_words(summary: Json) -> str:
    """Return what was recorded, in words."""
    words = f"{summary['bytes']} bytes in {summary['reads']} reads, written to {summary['file']}."
    if not summary["masked"]:
        return words + "\nNothing was masked: this file may name patients."
    words += f"\nIdentities were masked: {summary['masked_fields']} fields."
    if summary["bytes_not_understood"]:
        words += f" {summary['bytes_not_understood']} bytes were not understood and blanked wholly."
    return words


def check_json(found: Replay) -> Json:
    """Return what a replay found as JSON."""
    return {
        "verdict": found.verdict,
        "protocol": found.protocol,
        "events": [_moment_json(moment) for moment in found.moments],
        "readings": [_reading_json(moment) for moment in found.readings],
        "errors": dict(found.errors),
        "pending_bytes": found.pending,
        "chunking_independent": found.independent,
    }


def _moment_json(moment: Moment) -> Json:
    char: Json = {"char": moment.char} if moment.char else {}
    return {"t_ms": moment.t_ms, **char, **event_json(moment.event)}


def _reading_json(moment: Moment) -> Json:
    measured = moment.measured
    if measured is None:
        return {}
    values = [
        {"code": str(v.code), "value": str(v.value), "unit": v.unit, "comparator": v.comparator}
        for v in measured.values
    ]
    return {
        "t_ms": moment.t_ms,
        "kind": str(measured.kind),
        "values": values,
        "device_time": plain(measured.device_time),
        "quality": list(measured.quality),
        "stored": measured.stored,
    }


def check_words(found: Replay) -> str:
    """Return what a replay found, in words."""
    lines = [f"{moment.t_ms:>8} ms  {_event_words(moment)}" for moment in found.moments]
    if len(lines) > _SHOWN_EVENTS:
        lines[_SHOWN_EVENTS:] = [f"... and {len(lines) - _SHOWN_EVENTS} more"]
    errors = ", ".join(f"{count} {kind}" for kind, count in sorted(found.errors.items()))
    cut = {None: "not asked", True: "the same events", False: "OTHER EVENTS"}[found.independent]
    return "\n".join(
        [
            *lines,
            f"protocol  {found.protocol}",
            f"events    {len(found.moments)}, {len(found.readings)} with a reading",
            f"errors    {errors or 'none'}",
            f"pending   {found.pending} bytes",
            f"cut otherwise: {cut}",
            f"verdict   {found.verdict}",
        ]
    )


def _event_words(moment: Moment) -> str:
    values = {name: value for name, value in event_json(moment.event).items() if name != "event"}
    fields = " ".join(f"{name}={value}" for name, value in values.items())
    mark = "* " if moment.measured else "  "
    return f"{mark}{moment.char or moment.event.name} {fields}"
