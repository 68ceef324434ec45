"""The tables of reports: what records tell, and what boxes stated of their months."""

from __future__ import annotations

FACT = """
CREATE TABLE fact (
    box TEXT NOT NULL, id TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
    kind TEXT NOT NULL, day TEXT NOT NULL, patient TEXT NOT NULL, visit TEXT NOT NULL,
    wall_ms BIGINT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (box, id)
);
CREATE TABLE facts_reach (
    box TEXT PRIMARY KEY, arrivals BIGINT NOT NULL, version INTEGER NOT NULL
);
"""
"""What records tell reports (`hospital.reports`)."""

MONTHS = """
CREATE TABLE month_statement (
    box TEXT NOT NULL, id TEXT NOT NULL, clinic TEXT NOT NULL, month TEXT NOT NULL,
    restates BIGINT NOT NULL, sha256 TEXT NOT NULL, report TEXT NOT NULL, why TEXT NOT NULL,
    differences TEXT NOT NULL, actor TEXT, wall_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL,
    PRIMARY KEY (box, id)
);
CREATE INDEX month_statement_by_clinic ON month_statement (clinic, month);
"""
"""What boxes stated of their months."""
