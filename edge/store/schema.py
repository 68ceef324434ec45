"""The box's tables. The journal is the truth; every other table can be rebuilt from it."""

from __future__ import annotations

from edge.store import referral_schema, report_schema
from edge.store.assessment_schema import ASSESSMENTS
from edge.store.care_schema import CARE, FOLLOW_UP, LIFE_STATUS
from edge.store.migrations import Migration
from edge.store.visit_schema import FILES_OF_VISITS, PAPER, VISIT_NOTES

# Whatever refers to a journal entry has an index, because deleting an entry looks in each.
# An outbox row refers to one without saying so: it would cost every reading a page to keep an index
# of them, and pruning takes the rows of the outbox away before it takes entries.
_JOURNAL = """
CREATE TABLE box (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);
CREATE TABLE boot (
    counter INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE,
    floor_ms INTEGER NOT NULL
);
CREATE TABLE anchor (
    boot INTEGER NOT NULL, t_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL,
    error_ms INTEGER NOT NULL, source TEXT NOT NULL
);
CREATE INDEX anchor_by_boot ON anchor (boot);
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE TABLE stream (
    lane TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    cum INTEGER NOT NULL DEFAULT 0,
    safe INTEGER NOT NULL DEFAULT 0,
    cum_entry INTEGER NOT NULL DEFAULT 0,
    base INTEGER NOT NULL DEFAULT 0,
    base_chain BLOB NOT NULL,
    base_entry INTEGER NOT NULL DEFAULT 0,
    cum_chain BLOB
) WITHOUT ROWID;
CREATE TABLE outbox (
    lane TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    chain BLOB NOT NULL,
    PRIMARY KEY (lane, epoch, seq)
) WITHOUT ROWID;
CREATE TABLE link (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL DEFAULT 'never',
    since_ms INTEGER,
    receipt_ms INTEGER,
    hospital TEXT,
    detail TEXT
);
INSERT INTO link (id) VALUES (1);
CREATE TABLE disk_sample (at_ms INTEGER PRIMARY KEY, taken INTEGER NOT NULL);
CREATE TABLE hand_session (
    number INTEGER PRIMARY KEY, nonce BLOB NOT NULL UNIQUE, epoch INTEGER NOT NULL,
    written_ms INTEGER NOT NULL, records INTEGER NOT NULL,
    since TEXT NOT NULL, reach TEXT NOT NULL, files TEXT NOT NULL,
    feed_epoch INTEGER NOT NULL, feed_ver INTEGER NOT NULL, answered_ms INTEGER,
    differs INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE hand_alone (
    lane TEXT PRIMARY KEY, epoch INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE stick (
    folder TEXT PRIMARY KEY, name TEXT NOT NULL, free INTEGER NOT NULL, held TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE stick_request (
    id INTEGER PRIMARY KEY, what TEXT NOT NULL, folder TEXT NOT NULL, actor TEXT,
    asked_ms INTEGER NOT NULL, state TEXT NOT NULL, told TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE poison (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), lane TEXT NOT NULL, why TEXT NOT NULL,
    noted_ms INTEGER NOT NULL, repaired_as INTEGER REFERENCES journal (id)
);
CREATE TABLE file (
    id TEXT PRIMARY KEY, entry INTEGER NOT NULL REFERENCES journal (id), key BLOB NOT NULL,
    size INTEGER NOT NULL, total INTEGER NOT NULL, have BLOB NOT NULL,
    preview INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, held_entry INTEGER
) WITHOUT ROWID;
CREATE TABLE spent (
    day INTEGER NOT NULL, class TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (day, class)
) WITHOUT ROWID;
CREATE TABLE contact (
    day INTEGER NOT NULL, hour INTEGER NOT NULL, up_s INTEGER NOT NULL, PRIMARY KEY (day, hour)
) WITHOUT ROWID;
INSERT INTO stream (lane, epoch, base_chain) VALUES
    ('a', 1, zeroblob(16)), ('c', 1, zeroblob(16));
"""

_CLINIC = """
CREATE TABLE patient (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    entry INTEGER REFERENCES journal (id), rev INTEGER NOT NULL,
    name TEXT NOT NULL, sex TEXT NOT NULL, birth TEXT, village TEXT, phone TEXT, card TEXT,
    more TEXT NOT NULL,
    feed_rev INTEGER NOT NULL DEFAULT 0, replaced_by TEXT, away INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX patient_by_entry ON patient (entry);
CREATE INDEX patient_by_name ON patient (name COLLATE NOCASE);
CREATE INDEX patient_by_card ON patient (card) WHERE card IS NOT NULL;
CREATE TABLE patient_edit (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), patient_id TEXT NOT NULL,
    fields TEXT NOT NULL
);
CREATE INDEX patient_edit_by_patient ON patient_edit (patient_id);
CREATE TABLE visit (
    id TEXT PRIMARY KEY, entry INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT NOT NULL REFERENCES patient (id),
    station TEXT NOT NULL, mode TEXT NOT NULL, actor TEXT,
    opened_boot INTEGER NOT NULL, opened_t_ms INTEGER NOT NULL, opened_wall_ms INTEGER NOT NULL,
    active_boot INTEGER NOT NULL, active_t_ms INTEGER NOT NULL,
    closed_entry INTEGER REFERENCES journal (id), closed_why TEXT
);
CREATE UNIQUE INDEX visit_open ON visit (station) WHERE closed_entry IS NULL;
CREATE INDEX visit_by_entry ON visit (entry);
CREATE INDEX visit_by_closing ON visit (closed_entry) WHERE closed_entry IS NOT NULL;
CREATE INDEX visit_by_patient ON visit (patient_id);
CREATE TABLE reading (
    entry INTEGER PRIMARY KEY REFERENCES journal (id),
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    patient_id TEXT REFERENCES patient (id),
    visit_id TEXT REFERENCES visit (id),
    device_id TEXT,
    device_key BLOB,
    wall_ms INTEGER NOT NULL,
    warnings TEXT NOT NULL DEFAULT '',
    tray TEXT,
    raw BLOB,
    compared INTEGER REFERENCES journal (id)
);
CREATE INDEX reading_by_patient ON reading (patient_id, entry) WHERE patient_id IS NOT NULL;
CREATE INDEX reading_compared ON reading (compared) WHERE compared IS NOT NULL;
CREATE INDEX reading_in_tray ON reading (entry) WHERE tray = 'waiting';
CREATE UNIQUE INDEX reading_by_device_key ON reading (device_key)
    WHERE device_key IS NOT NULL;
CREATE TABLE rejected (
    entry INTEGER PRIMARY KEY REFERENCES journal (id),
    device_id TEXT, why TEXT NOT NULL, raw BLOB NOT NULL, wall_ms INTEGER NOT NULL
);
CREATE TABLE alert (
    entry INTEGER PRIMARY KEY REFERENCES journal (id),
    reading INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT, rule TEXT NOT NULL, level TEXT NOT NULL
);
CREATE INDEX alert_by_reading ON alert (reading);
CREATE INDEX alert_by_patient ON alert (patient_id);
CREATE TABLE device (
    id TEXT PRIMARY KEY, model TEXT NOT NULL, link TEXT NOT NULL, address TEXT NOT NULL,
    measures TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '',
    battery INTEGER,
    clock_offset_s INTEGER, seen_ms INTEGER, reading_ms INTEGER, requests TEXT NOT NULL DEFAULT '',
    manufacturer TEXT NOT NULL DEFAULT '', model_number TEXT NOT NULL DEFAULT '',
    serial TEXT NOT NULL DEFAULT '', firmware TEXT NOT NULL DEFAULT ''
);
CREATE TABLE device_memory (
    device_id TEXT PRIMARY KEY, last_record INTEGER, user INTEGER, consent INTEGER
) WITHOUT ROWID;
CREATE TABLE pairing (
    address TEXT PRIMARY KEY, state TEXT NOT NULL, asked_ms INTEGER NOT NULL, passkey INTEGER,
    renew INTEGER NOT NULL DEFAULT 0, shown TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE adapter_step (
    step TEXT PRIMARY KEY, times INTEGER NOT NULL, last_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE request (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), device_id TEXT NOT NULL,
    kind TEXT NOT NULL, actor TEXT, boot INTEGER NOT NULL, t_ms INTEGER NOT NULL,
    state TEXT NOT NULL, detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_open ON request (device_id) WHERE state IN ('asked', 'taken');
CREATE TABLE sighting (
    port TEXT PRIMARY KEY, path TEXT NOT NULL, model TEXT NOT NULL, evidence TEXT NOT NULL,
    tail TEXT NOT NULL, seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE binding (
    port TEXT PRIMARY KEY, model TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES journal (id)
) WITHOUT ROWID;
CREATE TABLE live (
    device_id TEXT PRIMARY KEY, kind TEXT NOT NULL, shown TEXT NOT NULL,
    at_boot INTEGER NOT NULL, at_t_ms INTEGER NOT NULL
);
CREATE TABLE condition (
    kind TEXT NOT NULL, subject TEXT NOT NULL, since_ms INTEGER NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) WITHOUT ROWID;
CREATE TABLE staff (
    id TEXT PRIMARY KEY, entry INTEGER REFERENCES journal (id),
    name TEXT NOT NULL, role TEXT NOT NULL, pin_hash TEXT NOT NULL, active INTEGER NOT NULL
);
CREATE TABLE lockout (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    failures INTEGER NOT NULL, rounds INTEGER NOT NULL,
    until_boot INTEGER, until_t_ms INTEGER
);
CREATE TABLE session (
    token_hash TEXT PRIMARY KEY, staff_id TEXT NOT NULL REFERENCES staff (id),
    csrf TEXT NOT NULL, boot INTEGER NOT NULL,
    started_t_ms INTEGER NOT NULL, seen_t_ms INTEGER NOT NULL
);
CREATE TABLE draft (
    staff_id TEXT NOT NULL REFERENCES staff (id), form TEXT NOT NULL, path TEXT NOT NULL,
    fields TEXT NOT NULL, boot INTEGER NOT NULL, t_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
    PRIMARY KEY (staff_id, form)
) WITHOUT ROWID;
"""

_NAMES = """
CREATE VIRTUAL TABLE name_key USING fts5 (
    sounds, latin_words, joined, initials, tokenize = 'ascii', prefix = '2 3'
);
CREATE VIRTUAL TABLE name_trigram USING fts5 (latin_text, tokenize = 'trigram');
"""


_FEED = """
CREATE TABLE feed_cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, ver INTEGER NOT NULL
);
INSERT INTO feed_cursor (one, epoch, ver) VALUES (1, 0, 0);
CREATE TABLE feed_item (
    entity TEXT NOT NULL, id TEXT NOT NULL, bucket INTEGER NOT NULL, rev INTEGER NOT NULL,
    mark INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (entity, id)
) WITHOUT ROWID;
CREATE INDEX feed_item_by_bucket ON feed_item (bucket, mark);
CREATE INDEX feed_item_by_patient ON feed_item (json_extract(body, '$.patient'));
CREATE TABLE feed_shadow (
    entity TEXT NOT NULL, id TEXT NOT NULL, bucket INTEGER NOT NULL, rev INTEGER NOT NULL,
    mark INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (entity, id)
) WITHOUT ROWID;
CREATE TABLE feed_snapshot (
    one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, as_of INTEGER NOT NULL,
    bucket INTEGER, after TEXT NOT NULL
);
CREATE TABLE setting_answer (key TEXT PRIMARY KEY, rev INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE seen (
    entity TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, actor TEXT,
    wall_ms INTEGER NOT NULL, PRIMARY KEY (entity, id, rev)
) WITHOUT ROWID;
CREATE TABLE command (
    id TEXT PRIMARY KEY, counter INTEGER NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES journal (id)
) WITHOUT ROWID;
"""

_HOW_READINGS_CAME = """
ALTER TABLE reading ADD COLUMN connected TEXT;
ALTER TABLE reading ADD COLUMN message TEXT;
ALTER TABLE reading ADD COLUMN clock_run INTEGER;
ALTER TABLE reading ADD COLUMN numbering INTEGER;
ALTER TABLE reading ADD COLUMN perhaps INTEGER;
ALTER TABLE reading ADD COLUMN told_apart INTEGER REFERENCES journal (id);
CREATE INDEX reading_told_apart ON reading (told_apart) WHERE told_apart IS NOT NULL;
DROP INDEX reading_by_device_key;
CREATE INDEX reading_by_device_key ON reading (device_key) WHERE device_key IS NOT NULL;
ALTER TABLE device_memory ADD COLUMN numbering INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_memory ADD COLUMN held INTEGER;
ALTER TABLE device_memory ADD COLUMN last_content TEXT;
CREATE TABLE device_clock (
    device_id TEXT PRIMARY KEY, run INTEGER NOT NULL, began TEXT NOT NULL, base TEXT NOT NULL,
    base_at TEXT NOT NULL, seen TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE repeated (
    device_id TEXT PRIMARY KEY, entry INTEGER NOT NULL, boot INTEGER NOT NULL, t_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""How each reading came, so that another one like it is told apart from a repetition. One device
key may stand on several readings: `perhaps` names the earlier one that a doubted one may be."""
_CONTROL = """
CREATE TABLE control (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), device_id TEXT NOT NULL,
    device_key BLOB UNIQUE, wall_ms INTEGER NOT NULL, raw BLOB
);
"""

_TO_JUDGE = """
CREATE TABLE to_judge (patient_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_DAMAGE = """
CREATE TABLE damage (
    entry INTEGER PRIMARY KEY, lane TEXT NOT NULL, found_ms INTEGER NOT NULL,
    known INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE loss (
    lane TEXT NOT NULL, epoch INTEGER NOT NULL, last INTEGER NOT NULL, held INTEGER NOT NULL,
    found_ms INTEGER NOT NULL, known INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (lane, epoch, last)
) WITHOUT ROWID;
"""

_WAYS_TO_PEOPLE = """
CREATE INDEX patient_by_replaced ON patient (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX patient_by_village ON patient (village) WHERE village IS NOT NULL;
"""

_DIFFERING = """
CREATE TABLE differing (
    tab TEXT NOT NULL, id TEXT NOT NULL, known INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (tab, id)
) WITHOUT ROWID;
CREATE TABLE marked (lane TEXT PRIMARY KEY) WITHOUT ROWID;
"""
"""Rows that are not what was recorded, and the lanes that have a line in the high-water mark."""

_MOTHER = """
ALTER TABLE patient ADD COLUMN mother TEXT;
CREATE INDEX patient_by_mother ON patient (mother) WHERE mother IS NOT NULL;
"""

_STOCK = """
CREATE TABLE stock_entry (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), item TEXT NOT NULL, what TEXT NOT NULL,
    number TEXT NOT NULL, batch TEXT, expiry TEXT, day TEXT NOT NULL, actor TEXT,
    taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX stock_entry_by_item ON stock_entry (item, entry);
CREATE INDEX stock_entry_taken_back ON stock_entry (taken_back) WHERE taken_back IS NOT NULL;
"""

_DANGER = """
CREATE TABLE danger (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), patient_id TEXT NOT NULL, visit_id TEXT,
    what TEXT NOT NULL, word TEXT NOT NULL
);
CREATE INDEX danger_by_patient ON danger (patient_id, entry);
CREATE TABLE danger_alert (
    alert INTEGER PRIMARY KEY REFERENCES journal (id),
    danger INTEGER REFERENCES journal (id)
);
CREATE INDEX danger_alert_by_danger ON danger_alert (danger);
INSERT INTO danger_alert (alert, danger) SELECT entry, NULL FROM alert;
CREATE TABLE measured (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), visit_id TEXT NOT NULL,
    patient_id TEXT NOT NULL, kind TEXT NOT NULL
);
CREATE INDEX measured_by_visit ON measured (visit_id, kind, entry);
CREATE INDEX measured_by_patient ON measured (patient_id, entry);
"""
"""What was done about alerts: one row an entry, and which entry answered an alert. Those of before
this table are taken as answered: nobody is stopped for what was found in an earlier year."""


_TESTS = """
CREATE INDEX reading_of_tests ON reading (entry) WHERE kind = 'test';
"""
"""Tests read by eye, each of which used one of its kit."""

MIGRATIONS = (
    Migration("0001_initial", _JOURNAL + _CLINIC + _NAMES + _FEED),
    Migration("0002_add_to_judge", _TO_JUDGE),
    Migration("0003_add_control", _CONTROL),
    Migration("0004_add_how_readings_came", _HOW_READINGS_CAME),
    Migration("0005_add_ways_to_people", _WAYS_TO_PEOPLE),
    Migration("0006_add_damage", _DAMAGE),
    Migration("0007_add_differing", _DIFFERING),
    Migration("0008_add_mother", _MOTHER),
    Migration("0009_add_care", CARE),
    Migration("0010_add_visit_notes", VISIT_NOTES),
    Migration("0011_add_life_status", LIFE_STATUS),
    Migration("0012_add_stock", _STOCK),
    Migration("0013_add_fact", report_schema.FACT),
    Migration("0014_add_referrals", referral_schema.REFERRALS),
    Migration("0015_add_notifications", referral_schema.NOTIFICATIONS),
    Migration("0016_add_danger", _DANGER),
    Migration("0017_add_months", report_schema.MONTHS),
    Migration("0018_add_paper", PAPER),
    Migration("0019_add_follow_up", FOLLOW_UP),
    Migration("0020_add_tests", _TESTS),
    Migration("0021_add_assessments", ASSESSMENTS),
    Migration("0022_add_files_of_visits", FILES_OF_VISITS),
)
