"""The kinds of journal entries, one row a kind: its body, its lane, what is personal in it.

`docs/journal.md` is made from this table. Who writes a kind takes its lane from here; the hospital
holds one function for each kind that it applies (`hospital.receiving.handlers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.model import body_types as types
from edge.model.body_types import BodyField, needed
from edge.model.care_kinds import CARE_KINDS
from edge.model.entry_kind import AtHospital as AtHospital
from edge.model.entry_kind import EntryKind as EntryKind
from edge.model.entry_kind import KindRow as KindRow
from edge.model.entry_kind import Lane as Lane
from edge.model.patient_fields import PATIENT_FIELDS
from edge.model.rule_kinds import RULE_KINDS
from edge.model.visit_kinds import VISIT_KINDS

_PATIENT = needed("patient", types.UUID_TEXT, "The patient.")
_READING = needed("reading", types.UUID_TEXT, "Content id of the reading.")
_DEVICE = needed("device", types.TEXT, "Id of the device.")
_WHY = BodyField("why", types.TEXT, "Why, in a word or a sentence.")

ENTRY_KINDS: Final = (
    KindRow(
        EntryKind.READING,
        "A device measured, or somebody typed in, the values of one act of measuring.",
        (
            needed("kind", types.WORD, "What was measured, such as `blood-pressure`."),
            needed("source", types.one_of("device", "typed"), "Where the values come from."),
            needed("values", types.VALUES, "The values.", personal=True),
            BodyField("patient", types.UUID_TEXT, "Whose it is; missing while nobody knows."),
            BodyField("visit", types.UUID_TEXT, "The visit in which it was measured."),
            BodyField("device", types.TEXT, "Id of the device."),
            BodyField("model", types.TEXT, "Model of the device."),
            BodyField("time", types.TIME, "The device's own local time.", personal=True),
            BodyField("quality", types.TEXTS, "Doubts, such as `unchecked`.", personal=True),
            BodyField("record", types.TEXT, "The device's number of the record.", personal=True),
            BodyField("coded", types.CODED, "Results in words.", personal=True),
            BodyField("found", types.TEXTS, "Fields of the message that sample and time are from."),
            BodyField("user", types.COUNT, "The device's number of the user.", personal=True),
            BodyField("stored", types.TRUTH, "True when it was read from the device's memory."),
            BodyField("kit", types.TEXT, "Of a test read by eye: the maker's name of the kit."),
            BodyField("lot", types.TEXT, "The kit's lot, as printed."),
            BodyField("expiry", types.DAY, "The last day on which the kit may be used."),
            BodyField("day", types.DAY, "Typed in later from paper: the day that stands there."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.REJECTED,
        "A device sent something that is no possible reading; its bytes are kept.",
        (
            needed("why", types.WORD, "The reason in a word."),
            needed("text", types.TEXT, "The reason in a sentence.", personal=True),
            needed("raw", types.HEX, "The bytes.", personal=True),
            BodyField("device", types.TEXT, "Id of the device."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.CONTROL,
        "A device measured control material, a calibrator or a trial: no patient.",
        (
            _DEVICE,
            needed("kind", types.WORD, "What was measured, such as `laboratory`."),
            needed("values", types.VALUES, "The values."),
            BodyField("coded", types.CODED, "Results in words."),
            BodyField("model", types.TEXT, "Model of the device."),
            BodyField("time", types.TIME, "The device's own local time."),
            BodyField("quality", types.TEXTS, "Doubts, such as `unchecked`."),
            BodyField("record", types.TEXT, "The number of the control or of the record."),
            BodyField("found", types.TEXTS, "Fields of the message that number and time are from."),
        ),
        AtHospital.APPLIED,
    ),
    KindRow(
        EntryKind.CLAIM,
        "Somebody said whose a reading is, or that it is nobody's, or that it is wrong.",
        (
            _READING,
            needed("patient", types.optional(types.UUID_TEXT), "Whose it is; null: nobody's."),
            BodyField("why", types.WORD, "Why it is nobody's or wrong."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.CONFIRM,
        "Somebody compared a reading with the device's display, or said that it is no repetition.",
        (
            _READING,
            BodyField(
                "doubt", types.WORD, "The doubt that is settled; `unchecked` where it is missing."
            ),
        ),
        AtHospital.APPLIED,
    ),
    KindRow(
        EntryKind.PATIENT,
        "A patient was registered (the fields themselves) or corrected (`set`).",
        (
            _PATIENT,
            needed("rev", types.COUNT, "The box's revision of the patient, from 1."),
            *(
                BodyField(row.name, types.TEXT, f"At registration: {row.word}.", personal=True)
                for row in PATIENT_FIELDS
            ),
            BodyField("base_rev", types.COUNT, "The hospital's revision that the box knew."),
            BodyField("was", types.PATCH, "What the corrected fields were.", personal=True),
            BodyField("set", types.PATCH, "What the corrected fields are.", personal=True),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.VISIT_OPENED,
        "A visit began: from now on what is measured at the station belongs to the patient.",
        (
            needed("visit", types.UUID_TEXT, "The visit."),
            _PATIENT,
            needed("mode", types.one_of("worker", "alone"), "Who measures."),
            needed("station", types.TEXT, "Where."),
            BodyField("day", types.DAY, "The clinic's calendar day of the visit."),
            BodyField("paper", types.TRUTH, "True when it was typed in later from paper."),
            BodyField("reason", types.WORD, "Why the patient came.", personal=True),
            BodyField("number", types.COUNT, "The patient's number in the queue of that day."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.VISIT_CLOSED,
        "A visit ended.",
        (
            needed("visit", types.UUID_TEXT, "The visit."),
            needed("why", types.one_of("another patient", "finished", "idle"), "Why."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.ALERT,
        "A rule found something that somebody must look at.",
        (
            needed("rule", types.WORD, "Which rule, such as `news2`."),
            needed("level", types.WORD, "How urgent, such as `urgent`."),
            needed("parameter", types.WORD, "What was measured, such as `spo2`.", personal=True),
            needed("value", types.VALUE, "The value.", personal=True),
            BodyField("bound", types.NUMBER, "The bound that it passed.", personal=True),
            _PATIENT,
            needed("reading", types.UUID_TEXT, "Content id of the reading or note it came from."),
            BodyField("assessment", types.UUID_TEXT, "Content id of the rule's assessment."),
            BodyField("visit", types.UUID_TEXT, "The visit."),
        ),
        AtHospital.APPLIED,
        subject="patient",
        lane=Lane.ALERT,
    ),
    KindRow(
        EntryKind.VIEW,
        "Somebody of the staff opened a patient's record.",
        (_PATIENT, needed("what", types.TEXT, "Which part, such as `history`.")),
        AtHospital.KEPT,
        subject="patient",
    ),
    KindRow(
        EntryKind.SIGN_IN,
        "Somebody signed in or out, or tried to.",
        (
            needed("staff", types.UUID_TEXT, "Who."),
            needed(
                "result", types.one_of("signed-in", "signed-out", "wrong-pin", "locked"), "How."
            ),
            BodyField("seconds", types.COUNT, "How long nobody may try."),
        ),
        AtHospital.KEPT,
        subject="staff",
    ),
    KindRow(
        EntryKind.STAFF,
        "Somebody works at the clinic, or does so no longer.",
        (
            needed("staff", types.UUID_TEXT, "Who."),
            needed("name", types.TEXT, "The name.", personal=True),
            needed("role", types.one_of("worker", "technician"), "What they may do."),
            needed("active", types.TRUTH, "Whether they work there."),
            _WHY,
        ),
        AtHospital.APPLIED,
        subject="staff",
    ),
    KindRow(
        EntryKind.DEVICE,
        "The box met a device for the first time, or a pairing was asked for or ended.",
        (
            BodyField("device", types.TEXT, "Id of the device that was met."),
            BodyField("model", types.TEXT, "Its model."),
            BodyField("link", types.WORD, "How it is connected, such as `ble`."),
            BodyField("address", types.TEXT, "Bluetooth address of the pairing."),
            BodyField("state", types.one_of("asked", "paired", "failed"), "How far it got."),
            _WHY,
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.ADAPTER,
        "The box did something to bring the Bluetooth adapter back.",
        (needed("step", types.WORD, "What it did."), needed("why", types.TEXT, "Why.")),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.REQUEST,
        "Somebody asked a device to start or to stop.",
        (_DEVICE, needed("request", types.WORD, "What, such as `start-adult`.")),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.BINDING,
        "Somebody said which model is connected to a serial port.",
        (
            needed("port", types.TEXT, "The port."),
            needed("model", types.optional(types.TEXT), "The model; null: said no longer."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.CLOCK,
        "Somebody vouched for the true time of one moment of the box's clock.",
        (
            needed("boot", types.COUNT, "The box's count of boots."),
            needed("t_ms", types.COUNT, "The moment, milliseconds since that boot."),
            needed("utc_ms", types.MOMENT, "The true time, Unix milliseconds."),
            needed("error_ms", types.COUNT, "How far it may be off, milliseconds."),
            needed("source", types.WORD, "Who vouches, as in `at`."),
        ),
        AtHospital.APPLIED,
    ),
    KindRow(
        EntryKind.STORE_FINDING,
        "The box found that its own records were changed on the disk, or are fewer than before.",
        (
            needed("what", types.WORD, "`damaged`, `shorter`; `known`: somebody knows of all."),
            BodyField("lane", types.WORD, "The lane."),
            BodyField(
                "last", types.COUNT, "Of `damaged`: which; of `shorter`: the last there was."
            ),
            needed("count", types.COUNT, "How many records."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.EPOCH,
        "The box numbers its records anew, because the hospital said FORK.",
        (
            needed("epoch", types.COUNT, "The new epoch."),
            needed("why", types.TEXT, "The hospital's reason."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.TOMBSTONE,
        "This stands in a frame for a record that the box cannot send; no journal holds it.",
        (
            needed("bytes", types.COUNT, "Size of the record."),
            needed("reason", types.TEXT, "Why it cannot be sent."),
            needed("sha256", types.HEX, "SHA-256 of the record."),
        ),
        AtHospital.KEPT,
    ),
    KindRow(
        EntryKind.COMMAND,
        "The box answers a command of the hospital.",
        (
            needed("command", types.TEXT, "Id of the command."),
            needed("order", types.TEXT, "Its kind."),
            needed("outcome", types.WORD, "What came of it: `done`, `refused`, `unknown`."),
        ),
        AtHospital.APPLIED,
    ),
    KindRow(
        EntryKind.FILE,
        "A photo or a recording was taken; its chunks follow in lane `f`.",
        (
            needed("id", types.UUID_TEXT, "The file."),
            needed("mime", types.TEXT, "Its media type."),
            needed("bytes", types.COUNT, "Its size."),
            needed("chunk", types.COUNT, "Bytes of a chunk."),
            needed("total", types.COUNT, "How many chunks."),
            needed("key", types.HEX, "The key that seals its chunks.", personal=True),
            needed("sha256", types.HEX, "SHA-256 of the file.", personal=True),
            BodyField("patient", types.UUID_TEXT, "Whom it is about."),
            BodyField("visit", types.UUID_TEXT, "The visit in which it was taken."),
            BodyField("preview_of", types.UUID_TEXT, "The file that this is a preview of."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.SEEN,
        "Somebody at the clinic has seen what the hospital wrote.",
        (
            needed("entity", types.WORD, "`reply`, `appointment` or `alert`."),
            needed("item", types.TEXT, "Id of the item."),
            needed("rev", types.COUNT, "Which revision of it."),
            BodyField("patient", types.UUID_TEXT, "Whom it is about."),
        ),
        AtHospital.APPLIED,
        subject="patient",
    ),
    KindRow(
        EntryKind.SETTING,
        "The box answers a setting of the hospital, or states one of its own (`value`).",
        (
            needed("key", types.TEXT, "The setting."),
            needed("rev", types.COUNT, "Which revision of it."),
            needed("outcome", types.one_of("applied", "refused"), "What came of it."),
            BodyField("why", types.TEXT, "Why it was refused."),
            BodyField("value", types.TEXT, "What is in force, such as minutes ahead of UTC."),
        ),
        AtHospital.APPLIED,
    ),
    *VISIT_KINDS,
    *CARE_KINDS,
    *RULE_KINDS,
)

BY_KIND: Final[Mapping[str, KindRow]] = {row.kind.value: row for row in ENTRY_KINDS}
_LANES: Final[Mapping[str, Lane]] = {row.kind.value: row.lane for row in ENTRY_KINDS}


def lane_of(kind: str) -> Lane:
    """Return the lane in which entries of a kind travel; one that is not known here: clinical."""
    return _LANES.get(kind, Lane.CLINICAL)
