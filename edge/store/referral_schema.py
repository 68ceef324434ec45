"""The box's tables of referrals, notifiable diseases, receipts of alerts."""

from __future__ import annotations

from typing import Final

REFERRALS: Final = """
CREATE TABLE referral (
    id TEXT PRIMARY KEY, entry INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT NOT NULL, visit_id TEXT, day TEXT NOT NULL, urgency TEXT NOT NULL,
    state TEXT NOT NULL, state_entry INTEGER NOT NULL REFERENCES journal (id), outcome TEXT,
    made_ms INTEGER NOT NULL, taken_back INTEGER REFERENCES journal (id)
) WITHOUT ROWID;
CREATE INDEX referral_by_entry ON referral (entry);
CREATE INDEX referral_by_state_entry ON referral (state_entry);
CREATE INDEX referral_by_taken_back ON referral (taken_back) WHERE taken_back IS NOT NULL;
CREATE INDEX referral_by_patient ON referral (patient_id);
CREATE INDEX referral_open ON referral (entry)
    WHERE state NOT IN ('closed', 'cancelled') AND taken_back IS NULL;
CREATE TABLE referral_step (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), referral TEXT NOT NULL
);
CREATE INDEX referral_step_by_referral ON referral_step (referral);
CREATE TABLE receipt_time (entry INTEGER PRIMARY KEY, wall_ms INTEGER NOT NULL);
"""
"""`receipt_time`: up to which entry of the alert lane a receipt covers, and when it came."""

NOTIFICATIONS: Final = """
CREATE TABLE notification (
    id TEXT PRIMARY KEY, entry INTEGER NOT NULL REFERENCES journal (id),
    patient_id TEXT, visit_id TEXT, disease TEXT NOT NULL, day TEXT NOT NULL,
    state TEXT NOT NULL, state_entry INTEGER NOT NULL REFERENCES journal (id), week TEXT,
    taken_back INTEGER REFERENCES journal (id)
) WITHOUT ROWID;
CREATE INDEX notification_by_entry ON notification (entry);
CREATE INDEX notification_by_state_entry ON notification (state_entry);
CREATE INDEX notification_by_taken_back ON notification (taken_back) WHERE taken_back IS NOT NULL;
CREATE INDEX notification_by_patient ON notification (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX notification_by_day ON notification (day);
"""
