"""The archive's tables of what the rules found at the clinics."""

from __future__ import annotations

ASSESSMENTS = """
CREATE TABLE assessment (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    patient TEXT NOT NULL, visit TEXT, day TEXT NOT NULL, cause TEXT,
    rule TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, draft INTEGER NOT NULL,
    status TEXT NOT NULL, level TEXT NOT NULL, result TEXT NOT NULL, facts TEXT NOT NULL,
    readings TEXT NOT NULL, missing TEXT NOT NULL,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL
);
CREATE INDEX assessment_by_patient ON assessment (patient, number);
CREATE TABLE rule_event (
    number {number}, id TEXT NOT NULL UNIQUE, box TEXT NOT NULL, clinic TEXT NOT NULL,
    rule TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, what TEXT NOT NULL,
    by_whom TEXT NOT NULL, why TEXT NOT NULL,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL
);
CREATE INDEX rule_event_by_rule ON rule_event (rule, number);
ALTER TABLE alert ADD COLUMN assessment TEXT;
ALTER TABLE alert ADD COLUMN visit TEXT;
"""
"""What the clinics' rules found, and what became of the rules' tables there."""
