"""What clinics did about dangers, and the readings that count: part of `HANDLERS`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from edge.model.clock import Stamp
from edge.model.entry import Entry, EntryKind
from hospital.archive import Archive
from hospital.entries.facts import Fact
from hospital.entries.fields import Text, ValueRows, values_json
from hospital.patients import withheld
from hospital.receiving.handler import Handler, Origin, Section, each, stamp_columns
from hospital.views import danger_chart


class DangerFact(Fact, frozen=True):
    """Somebody did something about a danger, or said what was done in the end."""

    patient: Text
    day: Text
    what: Text
    word: Text
    level: Text
    at: Stamp
    actor: Text | None
    alerts: tuple[Text, ...] = ()
    visit: Text | None = None


class MeasuredFact(Fact, frozen=True):
    """The reading that counts in a visit, and those that it was reckoned from."""

    patient: Text
    visit: Text
    day: Text
    kind: Text
    values: ValueRows
    method: Text
    readings: tuple[Text, ...]
    at: Stamp
    left: tuple[Text, ...] = ()
    right: tuple[Text, ...] = ()

    @classmethod
    def read(cls, entry: Entry) -> MeasuredFact:
        """Return the fact; raises `ValueError`, also when a value is no number."""
        fact = cls._of(entry, entry.body)
        for value in fact.values:
            value.checked()
        return fact


def _danger(archive: Archive, origin: Origin, fact: DangerFact) -> None:
    apart = withheld.is_withheld(archive, origin.box.clinic, fact.patient)
    archive.execute(
        "INSERT INTO danger (id, box, clinic, patient, visit, day, what, word, level, alerts,"
        " actor, boot, t_ms, wall_ms, quality, received_ms, withheld)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.visit, fact.day)
        + (fact.what, fact.word, fact.level, json.dumps(list(fact.alerts)), fact.actor)
        + (*stamp_columns(fact.at), origin.received_ms, apart),
    )


def _measured(archive: Archive, origin: Origin, fact: MeasuredFact) -> None:
    apart = withheld.is_withheld(archive, origin.box.clinic, fact.patient)
    archive.execute(
        "INSERT INTO measured (id, box, clinic, patient, visit, day, kind, method, said, readings,"
        " arms, wall_ms, received_ms, withheld) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (origin.id, origin.box.id, origin.box.clinic, fact.patient, fact.visit, fact.day)
        + (fact.kind, fact.method, values_json(fact.values), json.dumps(list(fact.readings)))
        + (
            json.dumps({"left": fact.left, "right": fact.right}),
            fact.at.wall_ms,
            origin.received_ms,
            apart,
        ),
    )


DANGER_HANDLERS: Final[Mapping[str, Handler[Any]]] = {
    EntryKind.DANGER: Handler(
        DangerFact.read, each(_danger), Section("patient_dangers.html", danger_chart.dangers_of)
    ),
    EntryKind.MEASURED: Handler(
        MeasuredFact.read,
        each(_measured),
        Section("patient_measured.html", danger_chart.measured_of),
    ),
}
