"""The archive's tables of referrals, notifiable diseases, who is asked about an alert."""

from __future__ import annotations

from typing import Final

REFERRALS: Final = """
CREATE TABLE referral (
    number {number}, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL, box TEXT NOT NULL,
    clinic TEXT NOT NULL, patient TEXT NOT NULL, visit TEXT, day TEXT NOT NULL,
    reason TEXT NOT NULL, urgency TEXT NOT NULL, goes_to TEXT NOT NULL, telephone TEXT NOT NULL,
    transport TEXT NOT NULL, summary TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, state TEXT NOT NULL DEFAULT 'made', outcome TEXT,
    answered_ms BIGINT, withheld INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX referral_by_patient ON referral (patient);
CREATE INDEX referral_by_state ON referral (state, number);
CREATE TABLE referral_step (
    number {number}, id TEXT NOT NULL UNIQUE, clinic TEXT NOT NULL, referral TEXT NOT NULL,
    state TEXT NOT NULL, day TEXT NOT NULL, outcome TEXT, why TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL
);
CREATE INDEX referral_step_by_referral ON referral_step (referral);
"""
"""`record` is the content id of the entry by which a referral was made."""

NOTIFICATIONS: Final = """
CREATE TABLE notification (
    number {number}, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL, box TEXT NOT NULL,
    clinic TEXT NOT NULL, patient TEXT, visit TEXT, disease TEXT NOT NULL,
    day TEXT NOT NULL, state TEXT NOT NULL, week TEXT NOT NULL, onset TEXT,
    why TEXT NOT NULL, actor TEXT,
    boot BIGINT NOT NULL, t_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, quality TEXT NOT NULL,
    received_ms BIGINT NOT NULL, withheld INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notification_by_patient ON notification (patient);
CREATE INDEX notification_by_day ON notification (day);
"""

ESCALATION: Final = """
ALTER TABLE account ADD COLUMN full_name TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN telephone TEXT NOT NULL DEFAULT '';
CREATE TABLE on_call (
    number {number}, clinic TEXT NOT NULL, level TEXT NOT NULL, place INTEGER NOT NULL,
    account TEXT NOT NULL, UNIQUE (clinic, level, place)
);
CREATE TABLE alert_step (
    alert TEXT NOT NULL, place INTEGER NOT NULL, account TEXT NOT NULL, since_ms BIGINT NOT NULL,
    PRIMARY KEY (alert, place)
);
"""
"""`on_call`: whom an alert of a clinic and a level goes to, in order; '' stands for all of them."""
