"""The hypertension numbers of a month in SQL over the hospital's kept records, and nothing else.

Written by itself from the definitions (docs/reports.md): it shares no code with `edge.reports`, so
that a mistake in one of the two shows. It knows what a lived year holds: no derived values, no
doubted readings, a visit moved once.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

VIEWS = """
CREATE TEMP TABLE ent AS
  SELECT box, id, lane, epoch * 1000000000 + seq AS ord, kind,
         json_extract(CAST(record AS TEXT), '$.body') AS body,
         json_extract(CAST(record AS TEXT), '$.body.day') AS day,
         json_extract(CAST(record AS TEXT), '$.body.patient') AS patient,
         json_extract(CAST(record AS TEXT), '$.body.visit') AS visit,
         json_extract(CAST(record AS TEXT), '$.at[2]') AS wall
  FROM record;
CREATE TEMP TABLE gone AS
  SELECT json_extract(body, '$.entry') AS id FROM ent WHERE kind = 'taken-back';
DELETE FROM ent WHERE id IN (SELECT id FROM gone);
CREATE INDEX temp.ent_kind ON ent (kind);
CREATE TEMP TABLE same AS SELECT duplicate, kept FROM patient_link WHERE undone_ms IS NULL;
CREATE TEMP TABLE seen AS
  SELECT v.visit, v.day, v.wall, json_extract(v.body, '$.mode') AS mode,
         coalesce((SELECT json_extract(m.body, '$.to') FROM ent m WHERE m.kind = 'visit-moved'
                   AND m.visit = v.visit ORDER BY m.ord DESC LIMIT 1), v.patient) AS patient
  FROM ent v WHERE v.kind = 'visit-opened';
CREATE INDEX temp.seen_visit ON seen (visit);
CREATE TEMP TABLE claimed AS
  SELECT json_extract(body, '$.reading') AS reading, patient, ord,
         json_extract(body, '$.why') AS why FROM ent WHERE kind = 'claim';
CREATE INDEX temp.claimed_reading ON claimed (reading);
CREATE TEMP TABLE bp AS
  SELECT r.id, r.box, r.ord, s.visit, s.day,
    CASE WHEN c.reading IS NULL THEN s.patient ELSE c.patient END AS patient,
    (SELECT CAST(json_extract(value, '$[1]') AS REAL) FROM json_each(r.body, '$.values')
      WHERE json_extract(value, '$[0]') = '8480-6') AS systolic,
    (SELECT CAST(json_extract(value, '$[1]') AS REAL) FROM json_each(r.body, '$.values')
      WHERE json_extract(value, '$[0]') = '8462-4') AS diastolic
  FROM ent r JOIN seen s ON s.visit = r.visit
  LEFT JOIN claimed c ON c.reading = r.id
    AND c.ord = (SELECT max(ord) FROM claimed x WHERE x.reading = r.id)
  WHERE r.kind = 'reading'
    AND (c.reading IS NULL OR c.why IS NULL OR c.why = 'somebody-else');
UPDATE bp SET patient = (SELECT kept FROM same WHERE duplicate = patient)
  WHERE patient IN (SELECT duplicate FROM same);
UPDATE seen SET patient = (SELECT kept FROM same WHERE duplicate = patient)
  WHERE patient IN (SELECT duplicate FROM same);
UPDATE ent SET patient = (SELECT kept FROM same WHERE duplicate = patient)
  WHERE patient IN (SELECT duplicate FROM same);
CREATE INDEX temp.bp_patient ON bp (patient, day);
CREATE TEMP TABLE course AS
  SELECT patient, day, ord, box, json_extract(body, '$.state') AS state FROM ent
  WHERE kind = 'programme' AND json_extract(body, '$.programme') = 'hypertension';
CREATE TEMP TABLE who AS
  SELECT patient, min(day) AS enrolled FROM course WHERE state = 'enrolled' GROUP BY patient;
CREATE TEMP TABLE came AS
  SELECT patient, day FROM bp WHERE systolic IS NOT NULL AND patient IS NOT NULL
  UNION SELECT patient, day FROM seen
  UNION SELECT patient, day FROM course WHERE state = 'enrolled';
CREATE INDEX temp.came_patient ON came (patient, day);
CREATE TEMP TABLE dead AS
  SELECT coalesce((SELECT kept FROM same WHERE duplicate = p.id), p.id) AS patient,
         p.deceased AS day FROM patient p WHERE p.deceased IS NOT NULL
  UNION ALL SELECT patient, day FROM ent
    WHERE kind = 'call' AND json_extract(body, '$.outcome') = 'died'
  UNION ALL SELECT patient, day FROM ent
    WHERE kind = 'programme' AND json_extract(body, '$.state') = 'deceased';
CREATE TEMP TABLE booked AS
  SELECT patient, box, ord, day, json_extract(body, '$.appointment') AS appointment,
         json_extract(body, '$.due') AS due, json_extract(body, '$.state') AS state FROM ent
  WHERE kind = 'appointment'
    AND coalesce(json_extract(body, '$.programme'), 'hypertension') = 'hypertension';
CREATE INDEX temp.booked_patient ON booked (patient, day);
CREATE TEMP TABLE call AS
  SELECT patient, box, ord, day, json_extract(body, '$.outcome') AS outcome FROM ent
  WHERE kind = 'call';
CREATE INDEX temp.call_patient ON call (patient, day);
"""

STATES = """
WITH alive AS (
  SELECT w.patient, substr(w.enrolled, 1, 7) AS since FROM who w
  WHERE w.patient NOT IN (SELECT patient FROM dead) AND substr(w.enrolled, 1, 7) <= :month
    AND coalesce((SELECT state FROM course c WHERE c.patient = w.patient
      AND substr(c.day, 1, 7) <= :month ORDER BY c.day DESC, c.ord DESC LIMIT 1), '')
      <> 'transferred'),
last AS (
  SELECT a.*, (SELECT b.id FROM bp b LEFT JOIN seen s ON s.visit = b.visit
      WHERE b.patient = a.patient AND b.systolic IS NOT NULL AND substr(b.day, 1, 7) <= :month
      ORDER BY b.day DESC, s.wall DESC, b.ord DESC LIMIT 1) AS bp FROM alive a),
judged AS (
  SELECT l.*, (SELECT max(substr(c.day, 1, 7)) FROM came c WHERE c.patient = l.patient
      AND substr(c.day, 1, 7) <= :month) AS came,
    substr(b.day, 1, 7) AS seen, b.systolic < 140 AND b.diastolic < 90 AS controlled
  FROM last l LEFT JOIN bp b ON b.id = l.bp),
month AS (SELECT :month || '-01' AS first,
  substr(date(:month || '-01', '-2 months'), 1, 7) AS within_3,
  substr(date(:month || '-01', '-11 months'), 1, 7) AS within_12)
SELECT
  count(*) AS registered,
  sum(since = :month) AS registered_this_month,
  sum(coalesce(came >= within_12, 0)) AS under_care,
  sum(coalesce(came < within_12, 1)) AS lost_to_follow_up,
  sum(coalesce(came >= within_12 AND since >= within_3, 0)) AS newly_registered,
  sum(coalesce(since < within_3 AND seen >= within_3 AND controlled, 0)) AS controlled,
  sum(coalesce(since < within_3 AND seen >= within_3 AND NOT controlled, 0)) AS uncontrolled,
  sum(coalesce(since < within_3 AND coalesce(seen, '') < within_3
    AND came >= within_12, 0)) AS no_visit
FROM judged, month
"""

OVERDUE = """
WITH alive AS (
  SELECT w.patient FROM who w JOIN patient p ON p.id = w.patient
  WHERE w.patient NOT IN (SELECT patient FROM dead) AND substr(w.enrolled, 1, 7) <= :month
    AND length(replace(replace(coalesce(p.phone, ''), ' ', ''), '+', '')) >= 8
    AND coalesce((SELECT state FROM course c WHERE c.patient = w.patient
      AND substr(c.day, 1, 7) <= :month ORDER BY c.day DESC, c.ord DESC LIMIT 1), '')
      <> 'transferred'),
asked AS (
  SELECT a.patient, b.due, b.state FROM alive a JOIN booked b ON b.patient = a.patient
  WHERE b.day < :month || '-01' AND b.due < :month || '-01'
    AND b.state IN ('booked', 'missed', 'kept')
    AND NOT EXISTS (SELECT 1 FROM booked later WHERE later.appointment = b.appointment
      AND later.day < :month || '-01' AND (later.day, later.ord) > (b.day, b.ord))),
due AS (
  SELECT patient, max(due) AS due FROM asked a WHERE NOT EXISTS (
    SELECT 1 FROM asked k WHERE k.patient = a.patient AND k.state = 'kept' AND k.due >= a.due)
  GROUP BY patient),
overdue AS (
  SELECT d.patient FROM due d WHERE
    d.due = (SELECT max(due) FROM asked x WHERE x.patient = d.patient)
    AND (SELECT max(day) FROM came WHERE patient = d.patient
         AND day < :month || '-01') >= date(:month || '-01', '-11 months')
    AND coalesce((SELECT max(day) FROM bp WHERE patient = d.patient AND systolic IS NOT NULL
         AND day < :month || '-01'), '') < d.due
    AND coalesce((SELECT outcome FROM call c WHERE c.patient = d.patient AND c.day >= d.due
         AND c.day < :month || '-01' ORDER BY c.day DESC, c.ord DESC LIMIT 1), '')
        NOT IN ('wrong-number', 'moved', 'refused', 'died', 'other')),
first AS (
  SELECT a.patient, min(c.day) AS day FROM alive a JOIN call c ON c.patient = a.patient
  WHERE substr(c.day, 1, 7) = :month GROUP BY a.patient)
SELECT (SELECT count(*) FROM overdue) AS overdue_on_first,
  (SELECT count(*) FROM first) AS called,
  (SELECT count(*) FROM first f WHERE EXISTS (SELECT 1 FROM bp b WHERE b.patient = f.patient
    AND b.systolic IS NOT NULL AND b.day BETWEEN f.day AND date(f.day, '+15 days'))) AS returned
"""

VISITS = """
SELECT count(*) AS "all", count(DISTINCT patient) AS people, sum(mode = 'alone') AS alone FROM seen
WHERE substr(day, 1, 7) = :month
"""

DEAD = """
SELECT count(DISTINCT w.patient) AS dead FROM who w JOIN dead d ON d.patient = w.patient
WHERE substr(d.day, 1, 7) <= :month
"""


def numbers(archive: Path, months: list[str]) -> dict[str, dict[str, int]]:
    """Return the numbers of months by their full names."""
    connection = sqlite3.connect(f"file:{archive}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    connection.executescript(VIEWS)
    found: dict[str, dict[str, int]] = {}
    for month in months:
        found[month] = {}
        for section, query in (
            ("hearts360", STATES),
            ("hearts360", OVERDUE),
            ("hearts360", DEAD),
            ("visits", VISITS),
        ):
            row = connection.execute(query, {"month": month}).fetchone()
            found[month] |= {f"{section}.{name}": int(n or 0) for name, n in dict(row).items()}
    connection.close()
    return found
