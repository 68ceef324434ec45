"""The box's tables of visits: notes, moves, medicines."""

from __future__ import annotations

PAPER = """
ALTER TABLE reading ADD COLUMN day TEXT;
ALTER TABLE reading ADD COLUMN follows INTEGER;
"""
"""Of a reading typed in later from paper: the day that stands there, and the last entry of a
reading of that day or before."""

FILES_OF_VISITS = """
ALTER TABLE file ADD COLUMN patient_id TEXT;
ALTER TABLE file ADD COLUMN visit_id TEXT;
UPDATE file SET (patient_id, visit_id) = (SELECT json_extract(j.record, '$.body.patient'),
    json_extract(j.record, '$.body.visit') FROM journal j WHERE j.id = file.entry);
CREATE INDEX file_by_patient ON file (patient_id) WHERE patient_id IS NOT NULL;
"""
"""Whom a photo or recording is about now: its visit may have been moved to another patient."""

VISIT_NOTES = """
ALTER TABLE visit ADD COLUMN day TEXT;
ALTER TABLE visit ADD COLUMN paper INTEGER NOT NULL DEFAULT 0;
ALTER TABLE visit ADD COLUMN reason TEXT;
ALTER TABLE visit ADD COLUMN number INTEGER;
UPDATE visit SET day = date(opened_wall_ms / 1000, 'unixepoch', 'localtime');
CREATE INDEX visit_by_day ON visit (day);
CREATE TABLE visit_note (
    visit_id TEXT PRIMARY KEY REFERENCES visit (id), entry INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT NOT NULL, day TEXT NOT NULL, note TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX visit_note_by_entry ON visit_note (entry);
CREATE INDEX visit_note_by_patient ON visit_note (patient_id, day);
CREATE TABLE visit_move (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), visit_id TEXT NOT NULL, day TEXT NOT NULL,
    from_patient TEXT NOT NULL, to_patient TEXT NOT NULL, becomes TEXT NOT NULL
);
CREATE INDEX visit_move_by_old ON visit_move (from_patient);
CREATE INDEX visit_move_by_new ON visit_move (to_patient);
CREATE TABLE medicine (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), id TEXT NOT NULL, patient_id TEXT NOT NULL,
    visit_id TEXT NOT NULL, day TEXT NOT NULL, medicine TEXT NOT NULL, state TEXT NOT NULL,
    dose TEXT, unit TEXT, quantity TEXT, batch TEXT, overruled TEXT,
    taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX medicine_by_patient ON medicine (patient_id, day);
CREATE INDEX medicine_by_visit ON medicine (visit_id);
CREATE INDEX medicine_by_day ON medicine (day);
CREATE INDEX medicine_taken_back ON medicine (taken_back) WHERE taken_back IS NOT NULL;
"""
"""A visit's note holds the state of its fields as JSON (`edge.visits.note_patch`)."""
