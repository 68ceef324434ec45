"""The box's tables of what the rules found, and of what became of their tables."""

from __future__ import annotations

ASSESSMENTS = """
CREATE TABLE assessment (
    entry INTEGER PRIMARY KEY REFERENCES journal (id),
    cause INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT NOT NULL, visit_id TEXT, day TEXT NOT NULL,
    rule TEXT NOT NULL, status TEXT NOT NULL, level TEXT NOT NULL, possible TEXT NOT NULL,
    digest TEXT NOT NULL, stands INTEGER NOT NULL DEFAULT 1,
    superseded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX assessment_by_cause ON assessment (cause);
CREATE INDEX assessment_by_visit ON assessment (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX assessment_by_patient ON assessment (patient_id, day);
CREATE TABLE assessment_reading (
    reading INTEGER NOT NULL REFERENCES journal (id),
    assessment INTEGER NOT NULL REFERENCES journal (id),
    danger INTEGER NOT NULL, PRIMARY KEY (reading, assessment)
) WITHOUT ROWID;
CREATE INDEX assessment_reading_by_assessment ON assessment_reading (assessment);
CREATE TABLE rule_state (
    rule TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL, version TEXT NOT NULL,
    sha256 TEXT NOT NULL, PRIMARY KEY (rule, what, why)
) WITHOUT ROWID;
CREATE TABLE site_fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
ALTER TABLE alert ADD COLUMN visit_id TEXT;
ALTER TABLE alert ADD COLUMN assessment INTEGER REFERENCES journal (id);
CREATE INDEX alert_by_assessment ON alert (assessment) WHERE assessment IS NOT NULL;
"""
"""What the rules found. `stands` is 0 once a reading that it came from was taken back,
`superseded` is 1 once the same entry was judged anew; `danger`
marks the readings because of which it is urgent; `digest` names status, level and result.
`rule_state` holds what was last written to the journal of each rule's table, `site_fact` what the
settings say of the place."""
