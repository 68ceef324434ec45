"""The tables of reports at a box: what entries tell, and what was stated of each month."""

from __future__ import annotations

FACT = """
CREATE TABLE fact (
    entry INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL,
    patient TEXT NOT NULL, visit TEXT NOT NULL, wall_ms INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE TABLE facts_reach (
    one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL, version INTEGER NOT NULL
);
"""
"""What entries tell reports (`edge.reports`); it refers to no entry, so that pruning leaves it."""

MONTHS = """
CREATE TABLE month_statement (
    month TEXT NOT NULL, restates INTEGER NOT NULL, entry INTEGER NOT NULL REFERENCES journal (id),
    sha256 TEXT NOT NULL, report TEXT NOT NULL, why TEXT NOT NULL, differences TEXT NOT NULL,
    wall_ms INTEGER NOT NULL, actor TEXT, PRIMARY KEY (month, restates)
) WITHOUT ROWID;
CREATE INDEX month_statement_by_entry ON month_statement (entry);
"""
"""What was stated of each month: closed, and stated again (`edge.reports.closing`)."""
