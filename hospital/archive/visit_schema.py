"""The archive's tables of visits: notes, moves, medicines, mistakes."""

from __future__ import annotations

PAPER = """
ALTER TABLE reading ADD COLUMN day TEXT;
ALTER TABLE reading ADD COLUMN kit TEXT NOT NULL DEFAULT '';
"""
"""The day that stands on paper, of a reading typed in later; the kit of a test read by eye."""

VISITS = """
CREATE TABLE visit (
    number {number}, id TEXT NOT NULL, clinic TEXT NOT NULL, box TEXT NOT NULL, patient TEXT,
    day TEXT NOT NULL, paper INTEGER NOT NULL, mode TEXT NOT NULL, reason TEXT, place BIGINT,
    actor TEXT, wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL,
    withheld INTEGER NOT NULL DEFAULT 0, UNIQUE (clinic, id)
);
CREATE INDEX visit_by_patient ON visit (patient, day);
CREATE INDEX visit_by_day ON visit (clinic, day);
CREATE TABLE visit_note (
    number {number}, id TEXT NOT NULL UNIQUE, clinic TEXT NOT NULL, visit TEXT NOT NULL,
    said TEXT NOT NULL, actor TEXT, wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL
);
CREATE INDEX visit_note_by_visit ON visit_note (clinic, visit, number);
CREATE TABLE medicine (
    number {number}, id TEXT NOT NULL UNIQUE, clinic TEXT NOT NULL, visit TEXT NOT NULL,
    patient TEXT NOT NULL, day TEXT NOT NULL, medicine TEXT NOT NULL, state TEXT NOT NULL,
    dose TEXT, unit TEXT, quantity TEXT, batch TEXT, overruled TEXT, actor TEXT,
    wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL
);
CREATE INDEX medicine_by_visit ON medicine (clinic, visit, number);
CREATE TABLE visit_move (
    number {number}, id TEXT NOT NULL UNIQUE, clinic TEXT NOT NULL, visit TEXT NOT NULL,
    day TEXT NOT NULL, patient TEXT NOT NULL, new_patient TEXT NOT NULL, becomes TEXT NOT NULL,
    actor TEXT, wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL
);
CREATE INDEX visit_move_by_old ON visit_move (patient);
CREATE INDEX visit_move_by_new ON visit_move (new_patient);
CREATE TABLE taken_back (
    entry TEXT NOT NULL, clinic TEXT NOT NULL, kind TEXT NOT NULL, patient TEXT,
    day TEXT NOT NULL, actor TEXT, why TEXT, received_ms BIGINT NOT NULL,
    PRIMARY KEY (entry, clinic)
);
"""
"""`visit_note.said` is a patch of the note; `taken_back` names entries of any kind that can be."""
