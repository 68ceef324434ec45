"""The archive's contract, the same for both engines."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from archives import open_at
from eventually import eventually
from open_files import open_files

from edge.model.entry import GENESIS, canonical_json, chain, content_id
from hospital.archive import Archive, scalar
from hospital.archive.errors import ArchiveDown, HospitalError, RowRefused
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply, custody
from hospital.receiving.custody import ReceivedFrame
from hospital.views import chart
from sync.core import hospital
from sync.core.messages import Hello, LaneReport
from sync.keys.keys import BoxKeys

NOW_MS = 1_795_000_000_000
NONCE = b"session1"
BOX = Box("box-one", "Thar Post 7", BoxKeys.generate().public, "0a", NOW_MS)
OTHER = Box("box-two", "Hunza Post 2", BoxKeys.generate().public, "0b", NOW_MS)
CAME = ReceivedFrame("c", b"sealed", NOW_MS)
PATIENT = "0190-patient"


@pytest.fixture(autouse=True)
def _enrolled(archive: Archive) -> None:
    with archive.transaction():
        boxes.enter(archive, BOX)
        boxes.enter(archive, OTHER)


def record(kind: str, body: dict[str, object], t_ms: int = 1000, actor: str | None = None) -> bytes:
    entry: dict[str, object] = {"kind": kind, "body": body, "at": [1, t_ms, NOW_MS + t_ms, "ntp"]}
    return canonical_json(entry if actor is None else entry | {"actor": actor})


def patient(name: str = "Zahra Baloch", **more: object) -> bytes:
    body = {"patient": PATIENT, "rev": 1, "name": name, "sex": "female", "birth": "1980"}
    return record("patient", body | more)


def pressure(t_ms: int = 2000, **more: object) -> bytes:
    values = [["8480-6", "121", "mm[Hg]"], ["8462-4", "80.0", "mm[Hg]"]]
    body = {"kind": "blood-pressure", "source": "device", "values": values, "model": "UA-651BLE"}
    return record("reading", body | {"patient": PATIENT} | more, t_ms)


def keep(archive: Archive, *rows: bytes, box: Box = BOX, epoch: int = 1, first: int = 1) -> int:
    with archive.transaction():
        return apply.keep(archive, box, (epoch, "c", first), rows, NOW_MS)


def admit(archive: Archive, epoch: int = 1, nonce: bytes = NONCE, last: int = 0) -> None:
    hello = Hello(epoch, nonce, {"c": LaneReport(0, 0, last)}, about={"software": "0.1.0"})
    with archive.transaction():
        custody.carry_out(archive, BOX, [hospital.Admit(epoch, nonce)], CAME)
        custody.store_hello(archive, BOX.id, hello)
        custody.note_contact(archive, BOX.id, NOW_MS)


def store(archive: Archive, first: int, *rows: bytes, before: bytes = GENESIS) -> bytes:
    link = before
    for row in rows:
        link = chain(link, row)
    effect = hospital.Store("c", 1, first, rows, first + len(rows) - 1, link)
    with archive.transaction():
        custody.carry_out(archive, BOX, [effect], CAME)
    return link


def test_opening_twice_migrates_once(archive: Archive, archive_address: str) -> None:
    again = open_at(archive_address)
    assert [b.id for b in boxes.every(again)] == ["box-two", "box-one"]
    again.close()


def test_an_archive_that_a_newer_release_changed_is_refused_by_name(
    archive: Archive, archive_address: str
) -> None:
    record = {
        "sqlite": "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('healthpost', ?)",
        "postgresql": "INSERT INTO migration (name) VALUES (?)",
    }[archive.engine]
    with archive.transaction():
        archive.execute(record, ("0900_add_a_table",))
    open_at(archive_address).close()
    with archive.transaction():
        archive.execute(record, ("0901_changed",))
    with pytest.raises(ArchiveDown, match="newer release .*0901_changed"):
        open_at(archive_address)


def test_a_box_is_what_was_entered(archive: Archive) -> None:
    assert boxes.get(archive, BOX.id) == BOX
    assert boxes.get(archive, "box-none") is None


def test_a_standing_changes_and_an_unknown_box_is_named(archive: Archive) -> None:
    assert boxes.set_standing(archive, BOX.id, boxes.REVOKED).standing == "revoked"
    with archive.transaction():
        assert custody.load(archive, BOX).standing == "revoked"
    with pytest.raises(HospitalError, match="box-none"):
        boxes.set_standing(archive, "box-none", boxes.REVOKED)


def test_a_failed_transaction_leaves_nothing(archive: Archive) -> None:
    def half_way() -> None:
        with archive.transaction():
            apply.keep(archive, BOX, (1, "c", 1), [patient(), pressure()], NOW_MS)
            raise KeyError("power cut")

    with pytest.raises(KeyError):
        half_way()
    assert scalar(archive, "SELECT count(*) AS n FROM record") == 0
    assert chart.patients(archive) == []


def test_a_write_outside_a_transaction_is_refused(archive: Archive) -> None:
    with pytest.raises(ArchiveDown):
        archive.execute("UPDATE hospital SET generation = 9")


def test_an_attempt_that_fails_spoils_nothing_else(archive: Archive) -> None:
    with archive.transaction():
        custody.note_contact(archive, BOX.id, 77)
        with pytest.raises(RowRefused), archive.attempt():
            archive.execute(
                "INSERT INTO session (box, nonce, opened_ms) SELECT id, NULL, 1 FROM box"
            )
    found = boxes.get(archive, BOX.id)
    assert found is not None
    assert found.heard_ms == 77


def test_a_record_that_comes_again_is_success_and_one_row(archive: Archive) -> None:
    assert keep(archive, patient(), pressure()) == 2
    assert keep(archive, patient(), pressure(), pressure(3000), epoch=2) == 1
    assert scalar(archive, "SELECT count(*) AS n FROM record") == 3
    assert chart.count_readings(archive) == 2


def test_many_records_of_which_some_are_here_already_are_each_one_row(archive: Archive) -> None:
    rows = [pressure(t_ms) for t_ms in range(160)]
    assert keep(archive, *rows[:80]) == 80
    assert keep(archive, *rows[40:], epoch=2, first=41) == 80
    assert keep(archive, *rows, epoch=3) == 0
    assert scalar(archive, "SELECT count(*) AS n FROM record") == 160
    assert scalar(archive, "SELECT count(*) AS n FROM reading") == 160


def test_the_same_record_of_two_boxes_is_two_rows(archive: Archive) -> None:
    mine = pressure(patient=None)
    assert keep(archive, mine) == 1
    assert keep(archive, mine, box=OTHER) == 1
    assert {c.clinic for c in chart.latest(archive)} == {BOX.clinic, OTHER.clinic}


def test_records_are_kept_byte_for_byte(archive: Archive) -> None:
    wild = [b"", b"\x00\xff not JSON", b'{"kind":"reading"}', canonical_json({"kind": "view"})]
    keep(archive, *wild)
    held = archive.rows("SELECT record, trouble FROM record ORDER BY seq")
    assert [bytes(r["record"]) for r in held] == wild
    assert all(r["trouble"] for r in held)


def test_a_patient_and_readings_reach_the_chart(archive: Archive) -> None:
    keep(archive, patient(village="Mithi"), pressure(), pressure(9000))
    line = chart.patients(archive, "zahra MITHI")[0]
    assert (line.patient.name, line.clinic, line.readings) == ("Zahra Baloch", BOX.clinic, 2)
    newest, older = chart.of_patient(archive, PATIENT)
    assert newest.placed.utc_ms == NOW_MS + 9000 > older.placed.utc_ms
    assert [str(v.value) for v in older.values] == ["121", "80.0"]
    assert older.patient_name == "Zahra Baloch"
    assert chart.latest(archive, after=older.number) == [newest]


def test_a_search_takes_percent_and_underscore_as_letters(archive: Archive) -> None:
    keep(archive, patient(name="50%_Smith!"))
    assert len(chart.patients(archive, "50%_s")) == 1
    assert len(chart.patients(archive, "mith!")) == 1
    assert chart.patients(archive, "%%x") == []
    assert chart.patients(archive, "_") != []
    assert chart.patients(archive, "a_b") == []


def test_a_correction_changes_only_what_it_tells(archive: Archive) -> None:
    keep(archive, patient(village="Mithi"))
    told = {"patient": PATIENT, "rev": 2, "set": {"name": "Zahra B.", "village": None}}
    keep(archive, record("patient", told), first=2)
    keep(archive, record("patient", told | {"rev": 1, "set": {"name": "stale"}}), first=3)
    line = chart.patient(archive, PATIENT)
    assert line is not None
    assert (line.patient.name, line.patient.village, line.patient.birth) == (
        "Zahra B.",
        None,
        "1980",
    )


def test_another_clinic_cannot_change_a_patient(archive: Archive) -> None:
    keep(archive, patient())
    stolen = record("patient", {"patient": PATIENT, "rev": 9, "name": "X", "sex": "male"})
    keep(archive, stolen, box=OTHER)
    line = chart.patient(archive, PATIENT)
    assert line is not None
    assert line.patient.name == "Zahra Baloch"
    held = archive.rows("SELECT trouble FROM record WHERE box = ?", (OTHER.id,))
    assert "another clinic" in held[0]["trouble"]


def test_a_claimed_reading_moves_to_its_patient(archive: Archive) -> None:
    keep(archive, patient(), pressure(patient=None))
    nobody = chart.unassigned(archive)[0]
    assert nobody.patient_id is None
    claim = {"reading": nobody.id, "patient": PATIENT}
    keep(archive, record("claim", claim, actor="staff-1"), first=3)
    assert chart.unassigned(archive) == []
    assert [c.id for c in chart.of_patient(archive, PATIENT)] == [nobody.id]


def test_a_claim_before_its_reading_waits_for_it(archive: Archive) -> None:
    reading = pressure(patient=None)
    identity = str(content_id(BOX.id, reading))
    keep(archive, patient(), record("claim", {"reading": identity, "patient": PATIENT}), reading)
    assert [c.id for c in chart.of_patient(archive, PATIENT)] == [identity]


def test_another_clinic_cannot_claim_a_reading(archive: Archive) -> None:
    keep(archive, pressure(patient=None))
    identity = chart.latest(archive)[0].id
    keep(archive, record("claim", {"reading": identity, "patient": PATIENT}), box=OTHER)
    assert [c.id for c in chart.unassigned(archive)] == [identity]


def test_a_discarded_reading_leaves_the_unassigned(archive: Archive) -> None:
    keep(archive, pressure(patient=None))
    identity = chart.latest(archive)[0].id
    keep(archive, record("claim", {"reading": identity, "patient": None, "why": "test"}), first=2)
    assert chart.unassigned(archive) == []
    assert chart.latest(archive)[0].discarded


def test_a_reading_taken_from_its_patient_is_nobodys_until_it_is_claimed(archive: Archive) -> None:
    keep(archive, patient(), pressure())
    identity = chart.latest(archive)[0].id
    back = {"reading": identity, "patient": None, "why": "somebody-else"}
    keep(archive, record("claim", back), first=3)
    assert chart.of_patient(archive, PATIENT) == []
    assert [(c.id, c.discarded) for c in chart.unassigned(archive)] == [(identity, False)]
    keep(archive, record("claim", {"reading": identity, "patient": PATIENT}), first=4)
    assert [c.id for c in chart.of_patient(archive, PATIENT)] == [identity]


def test_a_reading_marked_as_wrong_stays_with_its_patient(archive: Archive) -> None:
    keep(archive, patient(), pressure())
    identity = chart.latest(archive)[0].id
    body = {"rule": "news2-red", "level": "urgent", "parameter": "spo2", "bound": "91"}
    body |= {"value": ["59408-5", "88", "%"], "patient": PATIENT, "reading": identity}
    keep(archive, record("alert", body), first=3)
    assert not chart.alerts(archive)[0].taken_back
    struck = {"reading": identity, "patient": PATIENT, "why": "measured-wrongly"}
    keep(archive, record("claim", struck), first=4)
    assert [(c.id, c.discarded) for c in chart.of_patient(archive, PATIENT)] == [(identity, True)]
    assert chart.alerts(archive)[0].taken_back


def test_an_alert_is_shown_with_its_value(archive: Archive) -> None:
    body = {"rule": "news2-red", "level": "urgent", "parameter": "spo2", "bound": "91"}
    body |= {"value": ["59408-5", "88", "%"], "patient": PATIENT, "reading": "r1"}
    keep(archive, patient(), record("alert", body))
    alert = chart.alerts(archive, patient_id=PATIENT)[0]
    assert (alert.rule, str(alert.value.value), alert.patient_name) == (
        "news2-red",
        "88",
        "Zahra Baloch",
    )
    assert chart.alerts(archive, patient_id="nobody") == []


def test_custody_moves_and_is_loaded_again(archive: Archive) -> None:
    admit(archive, last=5)
    link = store(archive, 1, patient(), pressure())
    with archive.transaction():
        held = custody.load(archive, BOX)
    assert (held.epoch, held.nonce) == (1, NONCE)
    assert (held.streams["c"].cum, held.streams["c"].chain) == (2, link)
    line = next(c for c in chart.clinics(archive) if c.box == BOX.id)
    assert (line.confirmed, line.waiting, line.heard_ms) == (2, 3, NOW_MS)
    found = boxes.get(archive, BOX.id)
    assert found is not None
    assert found.about == {"software": "0.1.0"}


def test_a_new_epoch_starts_from_nothing_and_counts_a_fork(archive: Archive) -> None:
    admit(archive)
    store(archive, 1, pressure())
    with archive.transaction():
        effects = [hospital.Admit(2, b"session2"), hospital.Note("new epoch", "…")]
        custody.carry_out(archive, BOX, effects, CAME)
        held = custody.load(archive, BOX)
    assert (held.epoch, held.streams) == (2, {})
    line = next(c for c in chart.clinics(archive) if c.box == BOX.id)
    assert (line.confirmed, line.forks) == (0, 1)


def test_a_session_is_remembered(archive: Archive) -> None:
    admit(archive)
    assert custody.has_seen(archive, BOX.id, NONCE)
    assert not custody.has_seen(archive, OTHER.id, NONCE)
    assert not custody.has_seen(archive, BOX.id, b"session9")


def test_an_unreadable_row_is_kept_and_passed(archive: Archive) -> None:
    admit(archive)
    with archive.transaction():
        kept = hospital.KeepRaw("c", 1, 1, b"c" * 16)
        custody.carry_out(archive, BOX, [kept], CAME)
        assert custody.load(archive, BOX).streams["c"].cum == 1
    held = archive.rows("SELECT frame, unread FROM raw_frame")
    assert [(bytes(r["frame"]), r["unread"]) for r in held] == [(b"sealed", 1)]


def test_refused_frames_are_counted_and_the_newest_kept(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody, "QUARANTINED_FRAMES", 3)
    for n in range(5):
        custody.refuse(archive, BOX.id, "bad signature", replace(CAME, frame=b"frame %d" % n))
    custody.refuse(archive, custody.NOBODY, "unknown box", CAME)
    kept = archive.rows("SELECT frame FROM quarantine WHERE box = ? ORDER BY number", (BOX.id,))
    assert [bytes(r["frame"]) for r in kept] == [b"frame 2", b"frame 3", b"frame 4"]
    assert scalar(archive, "SELECT times AS n FROM refusal WHERE box = ?", (BOX.id,)) == 5
    assert scalar(archive, "SELECT count(*) AS n FROM quarantine") == 4
    assert next(c for c in chart.clinics(archive) if c.box == BOX.id).refused == 5


def test_a_generation_counts_restores(archive: Archive) -> None:
    assert custody.new_generation(archive) == 2
    with archive.transaction():
        assert custody.load(archive, BOX).generation == 2


def test_the_position_moves_when_something_came(archive: Archive) -> None:
    before = chart.position(archive)
    assert chart.position(archive) == before
    keep(archive, pressure())
    assert chart.position(archive) != before


def test_a_loaded_box_is_locked_until_the_transaction_ends(
    archive: Archive, archive_address: str
) -> None:
    got: list[int] = []

    def other_worker() -> None:
        mine = open_at(archive_address)
        with mine.transaction():
            got.append(custody.load(mine, BOX).epoch)
        mine.close()

    with archive.transaction():
        custody.load(archive, BOX)
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join(0.3)
        assert got == []
        custody.carry_out(archive, BOX, [hospital.Admit(7, NONCE)], CAME)
    thread.join(10)
    assert eventually(lambda: got) == [7]


def test_an_archive_that_cannot_be_used_is_not_held_open(tmp_path: Path) -> None:
    file = tmp_path / "damaged.db"
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(ArchiveDown) as refused:
        open_at(str(file))
    assert file not in open_files(), refused  # whoever keeps the error keeps its frames
