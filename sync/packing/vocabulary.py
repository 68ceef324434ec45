"""Words that both ends know by number (schema 1). A number never changes: only append.

The first 24 of each list take a single byte on the wire, so the commonest come first.
"""

# fmt: off
KEYS = (
    "actor", "at", "body", "kind", "device", "model", "patient", "source", "time", "values",
    "visit", "quality", "level", "parameter", "reading", "rule", "value", "bound", "record",
    "user", "stored", "why", "text", "raw", "id", "name", "sex", "birth", "village", "phone",
    "card", "rev", "mode", "station", "state", "staff", "role", "epoch", "bytes", "reason",
    "sha256", "set", "was", "base_rev", "language", "address", "link", "serial",
)

WORDS = (
    "reading", "device", "8480-6", "mm[Hg]", "8462-4", "8867-4", "/min", "59408-5", "%",
    "8310-5", "Cel", "29463-7", "kg", "blood-pressure", "oximetry", "temperature", "weight",
    "8478-0", "typed", "61006-3", "8302-2", "cm", "height", "heart-rate", "alert",
    "visit-opened", "visit-closed", "view", "patient", "claim", "rejected", "sign-in", "staff",
    "clock", "epoch", "tombstone", "ntp", "unsure", "hospital", "manual", "floor",
    "body_movement", "irregular_pulse", "cuff_too_loose", "improper_position", "low_perfusion",
    "9279-1", "respiratory-rate", "glucose", "2339-0", "mg/dL", "15074-8", "mmol/L",
    "body-composition", "39156-5", "kg/m2", "41982-0", "laboratory", "718-7", "g/dL", "g/L",
    "53328-9", "2093-3", "3084-1", "<", ">", "urgent", "news2-red", "female", "male", "unknown",
    "ble", "serial", "en", "ur", "zh", "too large", "pulse_above_range", "pulse_below_range",
    "artifact", "stored", "spo2", "pulse", "systolic",
)
# fmt: on

KEY_NUMBERS = {key: number for number, key in enumerate(KEYS)}
WORD_NUMBERS = {word: number for number, word in enumerate(WORDS)}
