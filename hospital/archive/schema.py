"""The archive's tables, for both engines; `record` is the truth, the clinic tables derive from it.

`{number}` is a counted primary key, `{bytes}` a byte string, `{by_box}` and `{partitions}` are
PostgreSQL's partitioning: a record's key starts with its box, so a hash of the box keeps
duplicates in one partition.
"""

from __future__ import annotations

from edge.store.migrations import Migration
from hospital.archive import referral_schema, report_schema
from hospital.archive.assessment_schema import ASSESSMENTS
from hospital.archive.visit_schema import PAPER, VISITS

PARTITIONS = 16

SQLITE_WORDS = {"number": "INTEGER PRIMARY KEY", "bytes": "BLOB", "by_box": "", "partitions": ""}
POSTGRES_WORDS = {
    "number": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "bytes": "BYTEA",
    "by_box": "PARTITION BY HASH (box)",
    "partitions": "".join(
        f"CREATE TABLE record_{i:02} PARTITION OF record"
        f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {i});\n"
        for i in range(PARTITIONS)
    ),
}

_CUSTODY = """
CREATE TABLE hospital (one INTEGER PRIMARY KEY CHECK (one = 1), generation BIGINT NOT NULL);
INSERT INTO hospital (one, generation) VALUES (1, 1);
CREATE TABLE box (
    id TEXT PRIMARY KEY, clinic TEXT NOT NULL,
    sign_key {bytes} NOT NULL, decrypt_key {bytes} NOT NULL, serial TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT 'active',
    epoch BIGINT NOT NULL DEFAULT 0, nonce {bytes} NOT NULL,
    enrolled_ms BIGINT NOT NULL, heard_ms BIGINT, about TEXT NOT NULL DEFAULT '',
    forks INTEGER NOT NULL DEFAULT 0, fork_ms BIGINT, why TEXT NOT NULL DEFAULT '',
    missing BIGINT NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT '', status_ms BIGINT,
    arrivals BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE box_key (
    box TEXT NOT NULL REFERENCES box (id), kid {bytes} NOT NULL, sign_key {bytes} NOT NULL,
    decrypt_key {bytes} NOT NULL, told_ms BIGINT NOT NULL, until_ms BIGINT,
    PRIMARY KEY (box, kid)
);
CREATE TABLE backup (
    number {number}, made_ms BIGINT NOT NULL, place TEXT NOT NULL, size BIGINT NOT NULL,
    records BIGINT NOT NULL
);
CREATE TABLE backup_begun (
    number BIGINT PRIMARY KEY, begun_ms BIGINT NOT NULL, covered TEXT NOT NULL
);
CREATE TABLE stream (
    box TEXT NOT NULL REFERENCES box (id), epoch BIGINT NOT NULL, lane TEXT NOT NULL,
    cum BIGINT NOT NULL DEFAULT 0, chain {bytes} NOT NULL,
    safe BIGINT NOT NULL DEFAULT 0, safe_chain {bytes} NOT NULL,
    told BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (box, epoch, lane)
);
CREATE TABLE session (
    number {number}, box TEXT NOT NULL, nonce {bytes} NOT NULL, opened_ms BIGINT NOT NULL,
    fork INTEGER NOT NULL DEFAULT 0, lived INTEGER NOT NULL DEFAULT 0,
    by_hand INTEGER NOT NULL DEFAULT 0, UNIQUE (box, nonce)
);
CREATE TABLE stick (
    box TEXT PRIMARY KEY REFERENCES box (id), nonce {bytes} NOT NULL, epoch BIGINT NOT NULL,
    fork INTEGER NOT NULL, ask {bytes} NOT NULL, nacks TEXT NOT NULL, files TEXT NOT NULL,
    read_ms BIGINT NOT NULL
);
CREATE TABLE record (
    box TEXT NOT NULL, id TEXT NOT NULL, epoch BIGINT NOT NULL, lane TEXT NOT NULL,
    seq BIGINT NOT NULL, kind TEXT NOT NULL, received_ms BIGINT NOT NULL,
    record {bytes} NOT NULL, trouble TEXT,
    PRIMARY KEY (box, id)
) {by_box};
{partitions}
CREATE INDEX record_by_place ON record (box, epoch, lane, seq);
CREATE TABLE raw_frame (
    number {number}, box TEXT NOT NULL, epoch BIGINT NOT NULL, lane TEXT NOT NULL,
    first_seq BIGINT NOT NULL, n INTEGER NOT NULL, received_ms BIGINT NOT NULL,
    frame {bytes} NOT NULL, unread INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX raw_frame_by_place ON raw_frame (box, epoch, lane, first_seq);
CREATE INDEX raw_frame_unread ON raw_frame (box) WHERE unread = 1;
CREATE TABLE file (
    box TEXT NOT NULL, id TEXT NOT NULL, clinic TEXT NOT NULL, patient TEXT, visit TEXT,
    preview_of TEXT, mime TEXT NOT NULL, size BIGINT NOT NULL, total INTEGER NOT NULL,
    key {bytes} NOT NULL, sha256 TEXT NOT NULL, have {bytes} NOT NULL,
    told_ms BIGINT NOT NULL, done_ms BIGINT, PRIMARY KEY (box, id)
);
CREATE INDEX file_by_patient ON file (patient);
CREATE INDEX file_by_whole ON file (preview_of);
CREATE TABLE file_chunk (
    box TEXT NOT NULL, file TEXT NOT NULL, place INTEGER NOT NULL, data {bytes} NOT NULL,
    PRIMARY KEY (box, file, place)
);
CREATE TABLE refusal (
    box TEXT NOT NULL, reason TEXT NOT NULL, times BIGINT NOT NULL, last_ms BIGINT NOT NULL,
    PRIMARY KEY (box, reason)
);
CREATE TABLE quarantine (
    number {number}, box TEXT NOT NULL, lane TEXT NOT NULL, reason TEXT NOT NULL,
    received_ms BIGINT NOT NULL, size BIGINT NOT NULL, frame {bytes} NOT NULL
);
CREATE INDEX quarantine_by_box ON quarantine (box, number);
CREATE TABLE claim (
    id TEXT PRIMARY KEY, secret {bytes} NOT NULL, clinic TEXT NOT NULL,
    made_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL,
    used_ms BIGINT, digest {bytes}, box TEXT, answer {bytes}, alarms INTEGER NOT NULL DEFAULT 0,
    readmits TEXT, replaces TEXT
);
"""

_CLINIC = """
CREATE TABLE patient (
    id TEXT PRIMARY KEY, clinic TEXT NOT NULL, box TEXT NOT NULL, rev BIGINT NOT NULL,
    name TEXT NOT NULL, sex TEXT NOT NULL, birth TEXT, village TEXT, phone TEXT, card TEXT,
    more TEXT NOT NULL,
    sought TEXT NOT NULL, changed_ms BIGINT NOT NULL
);
CREATE INDEX patient_by_clinic ON patient (clinic, name);
CREATE INDEX patient_by_change ON patient (changed_ms);
CREATE TABLE reading (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT, visit TEXT, kind TEXT NOT NULL, source TEXT NOT NULL, device TEXT, model TEXT,
    device_time TEXT, flags TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, said TEXT NOT NULL, discarded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX reading_by_patient ON reading (patient, number);
CREATE TABLE compared (
    reading TEXT NOT NULL, clinic TEXT NOT NULL, actor TEXT, received_ms BIGINT NOT NULL,
    PRIMARY KEY (reading, clinic)
);
CREATE TABLE staff (
    id TEXT NOT NULL, clinic TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (clinic, id)
);
CREATE TABLE assignment (
    reading TEXT NOT NULL, clinic TEXT NOT NULL, patient TEXT, actor TEXT, why TEXT,
    received_ms BIGINT NOT NULL, PRIMARY KEY (reading, clinic)
);
CREATE TABLE alert (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT, reading TEXT, rule TEXT NOT NULL, level TEXT NOT NULL, parameter TEXT NOT NULL,
    code TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, comparator TEXT NOT NULL,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, handled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX alert_by_patient ON alert (patient, number);
CREATE INDEX alert_by_handled ON alert (handled, number);
CREATE TABLE alert_note (
    number {number}, alert TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL,
    account TEXT NOT NULL, at_ms BIGINT NOT NULL
);
CREATE INDEX alert_note_by_alert ON alert_note (alert, number);
CREATE TABLE anchor (
    box TEXT NOT NULL, boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, utc_ms BIGINT NOT NULL,
    error_ms BIGINT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (box, boot, t_ms, source)
);
"""

_DESK = """
CREATE TABLE account (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
    until_ms BIGINT NOT NULL DEFAULT 0
);
"""

_SESSIONS = """
CREATE TABLE desk_session (
    token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, csrf TEXT NOT NULL,
    started_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL
);
CREATE TABLE desk_view (
    number {number}, account TEXT NOT NULL, patient TEXT NOT NULL, at_ms BIGINT NOT NULL,
    what TEXT NOT NULL DEFAULT 'record'
);
CREATE INDEX desk_view_by_patient ON desk_view (patient, number);
"""

_FEED = """
CREATE TABLE feed_epoch (
    one INTEGER PRIMARY KEY CHECK (one = 1), generation BIGINT NOT NULL, epoch BIGINT NOT NULL
);
CREATE TABLE feed_head (
    clinic TEXT PRIMARY KEY, ver BIGINT NOT NULL DEFAULT 0, floor BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE feed (
    clinic TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, bucket INTEGER NOT NULL,
    ver BIGINT NOT NULL, rev BIGINT NOT NULL, op TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (clinic, entity, id)
);
CREATE INDEX feed_by_ver ON feed (clinic, ver);
CREATE TABLE feed_sum (
    clinic TEXT NOT NULL, bucket INTEGER NOT NULL, total BIGINT NOT NULL,
    PRIMARY KEY (clinic, bucket)
);
CREATE TABLE feed_reader (
    box TEXT PRIMARY KEY REFERENCES box (id), clinic TEXT NOT NULL, nonce {bytes} NOT NULL,
    epoch BIGINT NOT NULL, ver BIGINT NOT NULL, rest INTEGER NOT NULL,
    asked_ms BIGINT NOT NULL, pushed BIGINT NOT NULL DEFAULT 0,
    pushed_ms BIGINT NOT NULL DEFAULT 0, pushes INTEGER NOT NULL DEFAULT 0
);
"""

_EDITS = """
CREATE TABLE patient_edit (
    number {number}, patient TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL,
    op TEXT NOT NULL, value TEXT, author TEXT NOT NULL, place BIGINT NOT NULL,
    base_rev BIGINT NOT NULL, rev BIGINT NOT NULL, at_ms BIGINT NOT NULL,
    clinician INTEGER NOT NULL, actor TEXT, received_ms BIGINT NOT NULL
);
CREATE INDEX patient_edit_by_patient ON patient_edit (patient, number);
CREATE TABLE review (
    patient TEXT NOT NULL, clinic TEXT NOT NULL, field TEXT NOT NULL, op TEXT NOT NULL,
    said TEXT NOT NULL, since_ms BIGINT NOT NULL, PRIMARY KEY (patient, field, said)
);
CREATE INDEX review_by_age ON review (since_ms);
CREATE TABLE patient_link (
    number {number}, duplicate TEXT NOT NULL, kept TEXT NOT NULL, account TEXT NOT NULL,
    at_ms BIGINT NOT NULL, why TEXT NOT NULL DEFAULT '', undone_by TEXT, undone_ms BIGINT,
    undone_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX patient_link_by_duplicate ON patient_link (duplicate);
CREATE INDEX patient_link_by_kept ON patient_link (kept);
CREATE TABLE catchment (
    patient TEXT NOT NULL, clinic TEXT NOT NULL, PRIMARY KEY (patient, clinic)
);
CREATE TABLE sharing (
    number {number}, patient TEXT NOT NULL, clinic TEXT NOT NULL, shared INTEGER NOT NULL,
    account TEXT NOT NULL, why TEXT NOT NULL, at_ms BIGINT NOT NULL
);
CREATE INDEX sharing_by_patient ON sharing (patient, number);
CREATE TABLE setting_act (
    number {number}, clinic TEXT NOT NULL, key TEXT NOT NULL, rev BIGINT NOT NULL,
    value TEXT NOT NULL, account TEXT NOT NULL, at_ms BIGINT NOT NULL
);
CREATE INDEX setting_act_by_key ON setting_act (clinic, key);
CREATE TABLE setting_answer (
    box TEXT NOT NULL, key TEXT NOT NULL, rev BIGINT NOT NULL, outcome TEXT NOT NULL,
    why TEXT NOT NULL, received_ms BIGINT NOT NULL, PRIMARY KEY (box, key)
);
CREATE TABLE told (
    number {number}, entity TEXT NOT NULL, id TEXT NOT NULL, rev BIGINT NOT NULL,
    patient TEXT NOT NULL, body TEXT NOT NULL, gone INTEGER NOT NULL, account TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX told_by_patient ON told (patient, number);
CREATE INDEX told_by_item ON told (entity, id, number);
CREATE TABLE seen (
    entity TEXT NOT NULL, id TEXT NOT NULL, rev BIGINT NOT NULL, box TEXT NOT NULL,
    clinic TEXT NOT NULL, actor TEXT, at_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL,
    PRIMARY KEY (entity, id, rev, box)
);
"""

_COMMANDS = """
CREATE TABLE command (
    id TEXT PRIMARY KEY, box TEXT NOT NULL REFERENCES box (id), counter BIGINT NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL, account TEXT NOT NULL, made_ms BIGINT NOT NULL,
    sent_ms BIGINT NOT NULL DEFAULT 0, answered_ms BIGINT, outcome TEXT
);
CREATE UNIQUE INDEX command_by_box ON command (box, counter);
"""

_TOLD_APART = """
CREATE TABLE told_apart (
    reading TEXT NOT NULL, clinic TEXT NOT NULL, actor TEXT, received_ms BIGINT NOT NULL,
    PRIMARY KEY (reading, clinic)
);
"""
"""Readings marked "perhaps the same" of which a worker said that they are values of their own."""

_WITHHELD = """
ALTER TABLE reading ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
CREATE TABLE withheld_release (
    number {number}, what TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
"""

_PATIENT_KEYS = """
ALTER TABLE patient ADD COLUMN keys TEXT NOT NULL DEFAULT '';
"""

_CODED = """
ALTER TABLE reading ADD COLUMN coded TEXT NOT NULL DEFAULT '[]';
ALTER TABLE reading ADD COLUMN sample TEXT NOT NULL DEFAULT '';
"""

_IDENTITIES = """
ALTER TABLE hospital ADD COLUMN authority TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN machine TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN boot TEXT NOT NULL DEFAULT '';
"""

_CONTROL = """
CREATE TABLE control (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    device TEXT NOT NULL, model TEXT, said TEXT NOT NULL, coded TEXT NOT NULL,
    sample TEXT NOT NULL, device_time TEXT, boot BIGINT NOT NULL, t_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL, quality TEXT NOT NULL, received_ms BIGINT NOT NULL
);
"""

_MOTHER = """
ALTER TABLE patient ADD COLUMN mother TEXT;
CREATE INDEX patient_by_mother ON patient (mother);
"""

_CARE = """
CREATE TABLE programme_entry (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, episode TEXT NOT NULL, programme TEXT NOT NULL, state TEXT NOT NULL,
    day TEXT NOT NULL, facts TEXT NOT NULL, why TEXT, place TEXT, visit TEXT, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX programme_entry_by_patient ON programme_entry (patient, number);
CREATE INDEX programme_entry_by_clinic ON programme_entry (clinic, episode);
CREATE TABLE appointment_entry (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, appointment TEXT NOT NULL, due TEXT NOT NULL, state TEXT NOT NULL,
    day TEXT NOT NULL, programme TEXT, why TEXT, visit TEXT, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX appointment_entry_by_patient ON appointment_entry (patient, number);
CREATE INDEX appointment_entry_by_clinic ON appointment_entry (clinic, appointment);
CREATE TABLE call_entry (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, outcome TEXT NOT NULL, day TEXT NOT NULL, appointment TEXT,
    episode TEXT, remind TEXT, note TEXT, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX call_entry_by_patient ON call_entry (patient, number);
CREATE TABLE immunization (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, immunization TEXT NOT NULL, vaccine TEXT NOT NULL,
    dose BIGINT NOT NULL, day TEXT NOT NULL, batch TEXT, expiry TEXT, site TEXT,
    elsewhere INTEGER NOT NULL, visit TEXT, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX immunization_by_patient ON immunization (patient, number);
CREATE TABLE fridge_reading (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    fridge TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, source TEXT NOT NULL,
    day TEXT NOT NULL, part TEXT, device TEXT, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX fridge_reading_by_clinic ON fridge_reading (clinic, day);
"""
"""One row an entry; what is true of an enrolment or an appointment is its newest row that nobody
took back (`hospital.views.care_chart`)."""

_LIFE_STATUS = """
ALTER TABLE patient ADD COLUMN deceased TEXT;
ALTER TABLE patient ADD COLUMN moved_away TEXT;
"""

_STOCK = """
CREATE TABLE stock_entry (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    item TEXT NOT NULL, what TEXT NOT NULL, units TEXT NOT NULL, unit TEXT NOT NULL,
    name TEXT, low BIGINT, batch TEXT, expiry TEXT, day TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX stock_entry_by_clinic ON stock_entry (clinic, item);
"""

_DANGER = """
CREATE TABLE danger (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, visit TEXT, day TEXT NOT NULL, what TEXT NOT NULL, word TEXT NOT NULL,
    level TEXT NOT NULL, alerts TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL
);
CREATE INDEX danger_by_patient ON danger (patient, number);
CREATE TABLE measured (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, visit TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL,
    method TEXT NOT NULL, said TEXT NOT NULL, readings TEXT NOT NULL, arms TEXT NOT NULL,
    wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL
);
CREATE INDEX measured_by_patient ON measured (patient, number);
"""
"""What was done about alerts, and the readings that count; `said` is as in `reading`."""

_TESTS = """
CREATE INDEX reading_of_tests ON reading (clinic) WHERE kind = 'test';
"""
"""Tests read by eye, each of which used one of its kit."""

_FOLLOW_UP = """
CREATE TABLE follow_up (
    patient TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, clinic TEXT NOT NULL,
    programme TEXT, due TEXT NOT NULL, lost TEXT NOT NULL, remind TEXT, outcome TEXT, called TEXT,
    PRIMARY KEY (clinic, source, id)
);
CREATE INDEX follow_up_by_due ON follow_up (due, patient);
CREATE INDEX follow_up_by_clinic ON follow_up (clinic, due);
CREATE INDEX follow_up_by_patient ON follow_up (patient);
CREATE TABLE to_settle (patient TEXT PRIMARY KEY);
"""
"""Who should come to the clinics, derived by `hospital.patients.follow_up`."""

MIGRATIONS = (
    Migration("0001_initial", _CUSTODY + _CLINIC + _DESK + _SESSIONS + _FEED + _EDITS + _COMMANDS),
    Migration("0002_add_withheld", _WITHHELD),
    Migration("0003_add_identities", _IDENTITIES),
    Migration("0004_add_coded_results", _CODED),
    Migration("0005_add_told_apart", _TOLD_APART),
    Migration("0006_add_patient_keys", _PATIENT_KEYS),
    Migration("0007_add_control", _CONTROL),
    Migration("0008_add_mother", _MOTHER),
    Migration("0009_add_care", _CARE),
    Migration("0010_add_visits", VISITS),
    Migration("0011_add_life_status", _LIFE_STATUS),
    Migration("0012_add_stock", _STOCK),
    Migration("0013_add_fact", report_schema.FACT),
    Migration("0014_add_referrals", referral_schema.REFERRALS),
    Migration("0015_add_notifications", referral_schema.NOTIFICATIONS),
    Migration("0016_add_escalation", referral_schema.ESCALATION),
    Migration("0017_add_danger", _DANGER),
    Migration("0018_add_months", report_schema.MONTHS),
    Migration("0019_add_paper", PAPER),
    Migration("0020_add_tests", _TESTS),
    Migration("0021_add_assessments", ASSESSMENTS),
    Migration("0022_add_follow_up", _FOLLOW_UP),
)
