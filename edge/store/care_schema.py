"""The box's tables of care over time: programmes, appointments, calls, doses, who should come."""

from __future__ import annotations

CARE = """
CREATE TABLE programme_entry (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), episode TEXT NOT NULL,
    patient_id TEXT NOT NULL, programme TEXT NOT NULL, state TEXT NOT NULL, day TEXT NOT NULL,
    facts TEXT NOT NULL DEFAULT '{}', why TEXT, place TEXT, visit_id TEXT,
    taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX programme_entry_by_patient ON programme_entry (patient_id, entry);
CREATE INDEX programme_entry_by_episode ON programme_entry (episode, entry);
CREATE INDEX programme_entry_taken_back ON programme_entry (taken_back)
    WHERE taken_back IS NOT NULL;
CREATE TABLE appointment_entry (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), appointment TEXT NOT NULL,
    patient_id TEXT NOT NULL, due TEXT NOT NULL, state TEXT NOT NULL, day TEXT NOT NULL,
    programme TEXT, why TEXT, visit_id TEXT, taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX appointment_entry_by_patient ON appointment_entry (patient_id, entry);
CREATE INDEX appointment_entry_by_id ON appointment_entry (appointment, entry);
CREATE INDEX appointment_entry_taken_back ON appointment_entry (taken_back)
    WHERE taken_back IS NOT NULL;
CREATE TABLE call_entry (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), patient_id TEXT NOT NULL,
    outcome TEXT NOT NULL, day TEXT NOT NULL, appointment TEXT, episode TEXT, remind TEXT,
    note TEXT, actor TEXT, taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX call_entry_by_patient ON call_entry (patient_id, entry);
CREATE INDEX call_entry_taken_back ON call_entry (taken_back) WHERE taken_back IS NOT NULL;
CREATE TABLE immunization (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), id TEXT NOT NULL UNIQUE,
    patient_id TEXT NOT NULL, vaccine TEXT NOT NULL, dose INTEGER NOT NULL, day TEXT NOT NULL,
    batch TEXT, expiry TEXT, site TEXT, elsewhere INTEGER NOT NULL DEFAULT 0, visit_id TEXT,
    actor TEXT, taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX immunization_by_patient ON immunization (patient_id, entry);
CREATE INDEX immunization_taken_back ON immunization (taken_back) WHERE taken_back IS NOT NULL;
CREATE TABLE fridge_reading (
    entry INTEGER PRIMARY KEY REFERENCES journal (id), fridge TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL, day TEXT NOT NULL, part TEXT, device TEXT, actor TEXT,
    wall_ms INTEGER NOT NULL, taken_back INTEGER REFERENCES journal (id)
);
CREATE INDEX fridge_reading_by_fridge ON fridge_reading (fridge, day);
CREATE INDEX fridge_reading_taken_back ON fridge_reading (taken_back)
    WHERE taken_back IS NOT NULL;
"""
"""One row an entry; what is true of an enrolment or an appointment is its newest row that nobody
took back (`edge.care`)."""

LIFE_STATUS = """
ALTER TABLE patient ADD COLUMN deceased TEXT;
ALTER TABLE patient ADD COLUMN moved_away TEXT;
"""

_ENTRIES = ("programme_entry", "appointment_entry", "call_entry", "immunization")
_TOLD = "json_extract({row}.body, '$.patient')"
_PATIENT = "UPDATE OF deceased, moved_away, away, replaced_by, birth ON patient"

_CHANGES = (
    ("visit", "INSERT ON visit", "NEW.patient_id"),
    ("visit_moved", "UPDATE OF patient_id, day ON visit", "NEW.patient_id"),
    ("visit_left", "UPDATE OF patient_id ON visit", "OLD.patient_id"),
    ("visit_closed", "UPDATE OF closed_entry ON visit", "NEW.patient_id"),
    *((f"{table}_new", f"INSERT ON {table}", "NEW.patient_id") for table in _ENTRIES),
    *((f"{table}_changed", f"UPDATE ON {table}", "NEW.patient_id") for table in _ENTRIES),
    *((f"{table}_left", f"UPDATE ON {table}", "OLD.patient_id") for table in _ENTRIES),
    *(
        (
            f"told_{event.lower()}",
            f"{event} ON feed_item WHEN {row}.entity = 'appointment'",
            _TOLD.format(row=row),
        )
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
    (
        "patient_new",
        "INSERT ON patient WHEN EXISTS (SELECT 1 FROM feed_item WHERE entity = 'appointment'"
        " AND json_extract(body, '$.patient') = NEW.id)",
        "NEW.id",
    ),
    ("patient_changed", _PATIENT, "NEW.id"),
    ("patient_linked", _PATIENT, "NEW.replaced_by"),
    ("patient_unlinked", _PATIENT, "OLD.replaced_by"),
)
"""What changes who should come: the name of its trigger, the change, and about whom it is."""

FOLLOW_UP = """
CREATE TABLE follow_up (
    patient_id TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, programme TEXT,
    due TEXT NOT NULL, lost TEXT NOT NULL, remind TEXT, outcome TEXT, called TEXT,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX follow_up_by_due ON follow_up (due, patient_id, lost, remind);
CREATE INDEX follow_up_by_patient ON follow_up (patient_id);
CREATE INDEX follow_up_by_programme ON follow_up (programme, due, patient_id);
CREATE TABLE to_settle (patient_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE care_tables (fingerprint TEXT NOT NULL);
""" + "".join(
    f"CREATE TRIGGER settle_{name} AFTER {change} BEGIN"
    f" INSERT OR IGNORE INTO to_settle (patient_id) SELECT {who} WHERE {who} IS NOT NULL; END;\n"
    for name, change, who in _CHANGES
)
"""Who should come, derived by `edge.care.follow_up`; triggers name the people to look at again."""
