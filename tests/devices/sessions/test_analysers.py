"""Results of analysers: whose, when, how sure, in which words, and what is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laboratory import (
    HEAD,
    MSH,
    NOON,
    OBR,
    TESTS,
    answer,
    astm,
    controls,
    hl7,
    measured,
    obx,
    refused,
    result,
    said,
    turns,
)

from devices.driver import (
    BAD_UNIT,
    BAD_VALUE,
    NO_RESULT,
    NOT_FINAL,
    UNMAPPED,
    WITHDRAWN,
    Turn,
)
from devices.protocols.framing import sum8
from devices.protocols.laboratory import Site
from devices.protocols.laboratory import Test as LabTest

ORDER = "O|1|S-7||^^^DIF|R|20260101110000"
L = "L|1|N"

# --- control material is no patient -------------------------------------------------------------

ASTM_CONTROLS = {
    "H-12 Q": (HEAD.replace("|P|E", "|Q|E"), ORDER),
    "H-12 training": (HEAD.replace("|P|E", "|T|E"), ORDER),
    "O-12 Q": (HEAD, "O|1|S-7||^^^DIF|R||||||Q"),
    "O-16 CTRL": (HEAD, "O|1|S-7||^^^DIF|R||||||||||CTRL"),
    "O-16 words": (HEAD, "O|1|S-7||^^^DIF|R||||||||||^Control blood"),
}


@pytest.mark.parametrize("name", ASTM_CONTROLS)
def test_an_astm_control_is_the_devices_own(name: str) -> None:
    head, order = ASTM_CONTROLS[name]
    found = turns(astm(head, "P|1", order, result("13.3"), "C|1|I|CONTROL_FAILED", L))
    assert (measured(found), len(controls(found))) == ([], 1)
    assert controls(found)[0].record == "S-7"
    assert [turn.write for turn in found if turn.write] == [b"\x06"] * 7


def test_a_result_with_status_q_is_a_control() -> None:
    found = turns(astm(HEAD, "P|1", ORDER, result("13.3", status="Q"), L))
    assert (measured(found), len(controls(found))) == ([], 1)


HL7_CONTROLS = {
    "MSH-11 Q": (MSH.replace("|P|2", "|Q|2"), OBR),
    "MSH-11 training": (MSH.replace("|P|2", "|T|2"), OBR),
    "MSH-16 quality control": (MSH.replace("||||||UNICODE", "||||2||UNICODE"), OBR),
    "MSH-16 calibration": (MSH.replace("||||||UNICODE", "||||1||UNICODE"), OBR),
    "OBR-4": (MSH, OBR.replace("00001^Automated Count", "00003^LJ QCR")),
    "OBR-4 in words": (MSH, OBR.replace("00001^Automated Count", "9^Quality control")),
    "OBR-15 role": (MSH, OBR + "||||||||BLD^^^^^^Q"),
    "SPM-4": (MSH, OBR, "SPM|1|S-101||CTRL^Control"),
    "SPM-11": (MSH, OBR, "SPM|1|S-101||WB|||||||Q"),
    "SPM-11 calibrator": (MSH, OBR, "SPM|1|S-101||WB|||||||C"),
}


@pytest.mark.parametrize("name", HL7_CONTROLS)
def test_an_hl7_control_is_the_devices_own(name: str) -> None:
    head, order, *specimen = HL7_CONTROLS[name]
    found = turns(hl7(head, "PID|1", order, obx("12.2"), *specimen))
    assert (measured(found), len(controls(found))) == ([], 1)
    assert answer(found)["MSA"][1] == "AA"


def test_control_in_the_name_of_a_test_is_no_control() -> None:
    order = OBR.replace("00001^Automated Count", "7^Glycaemic control profile")
    assert said(turns(hl7(MSH, order, obx("13.0")))) == ["13.0 g/dL"]


def test_a_sites_own_pattern_tells_controls() -> None:
    site = Site(TESTS, controls=("qc-*",))
    found = turns(astm(HEAD, "P|1", "O|1|QC-3", result("13.3"), "O|2|S-1", result("9.9"), L), site)
    assert [each.record for each in controls(found)] == ["QC-3"]
    assert [each.record for each in measured(found)] == ["S-1"]


def test_a_control_and_a_patient_in_one_message_are_told_apart() -> None:
    head = MSH.replace("ORU^R01", "OUL^R22")
    wire = hl7(
        *(head, "SPM|1|C-1||WB|||||||Q", "OBR|1||C-1|1^CBC", obx("12.0")),
        *("SPM|2|S-9||WB|||||||P", "OBR|2||S-9|1^CBC", obx("8.1")),
    )
    found = turns(wire)
    assert [each.record for each in controls(found)] == ["C-1"]
    assert [each.record for each in measured(found)] == ["S-9"]


CONTROL, PATIENT = "SPM|1|QC1||WB|||||||Q", "SPM|2|S-2||WB|||||||P"
NO_NUMBER = "OBR|1|||X"
OUL = MSH.replace("ORU^R01", "OUL^R22")


def whose(found: list[Turn]) -> dict[str, list[tuple[str, str | None]]]:
    """Return readings and controls as values with the number of their sample."""
    kinds = {"reading": measured(found), "control": controls(found)}
    return {
        kind: [(str(each.values[0].value), each.record) for each in rows]
        for kind, rows in kinds.items()
    }


@pytest.mark.parametrize("head", [MSH, OUL, MSH.replace("ORU^R01", "")])
@pytest.mark.parametrize("patient", [(), ("PID|1",)])
def test_a_specimen_before_the_first_order_makes_the_message_specimen_first(
    head: str, patient: tuple[str, ...]
) -> None:
    rows = (CONTROL, *patient, NO_NUMBER, obx("12.0"), PATIENT, NO_NUMBER, obx("9.0"))
    found = whose(turns(hl7(head, *rows)))
    assert found == {"reading": [("9.0", "S-2")], "control": [("12.0", "QC1")]}


def test_a_specimen_behind_its_order_belongs_to_it() -> None:
    rows = (NO_NUMBER, obx("12.0"), CONTROL, NO_NUMBER, obx("9.0"), PATIENT)
    found = whose(turns(hl7(MSH, *rows)))
    assert found == {"reading": [("9.0", "S-2")], "control": [("12.0", "QC1")]}


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (OUL, (NO_NUMBER, obx("12.0"), CONTROL, NO_NUMBER, obx("9.0"))),
        (MSH, (CONTROL, PATIENT, NO_NUMBER, obx("12.0"), NO_NUMBER, obx("9.0"))),
        (MSH, (PATIENT, NO_NUMBER, obx("12.0"), NO_NUMBER, obx("9.0"), CONTROL)),
        (MSH, (NO_NUMBER, obx("12.0"), obx("9.0"), CONTROL, PATIENT)),
    ],
)
def test_where_two_readings_are_possible_no_sample_is_better_than_a_wrong_one(
    head: str, rows: tuple[str, ...]
) -> None:
    found = turns(hl7(head, *rows))
    assert whose(found) == {"reading": [("12.0", None), ("9.0", None)], "control": []}
    assert all("perhaps_no_patient" in each.quality for each in measured(found))


def test_the_next_patients_result_never_keeps_the_former_patients_segments() -> None:
    first = ("PID|1||A-1", "SPM|1|S-1", "OBR|1|||X", obx("12.0"))
    for second in (("PID|2||A-2", obx("9.0")), ("PID|2||A-2", NO_NUMBER, obx("9.0"))):
        wire = hl7(MSH, *first, *second)
        assert [each.record for each in measured(turns(wire))] == ["S-1", None]
        site = Site(TESTS, sample=("PID-3",))
        assert [each.record for each in measured(turns(wire, site))] == ["A-1", "A-2"]


@pytest.mark.parametrize(
    "name", ["CAL 2", "Con-N", "STANDARD", "Blank", "QCL2", "Kontrolle", "CTL"]
)
def test_what_a_specimen_is_called_tells_a_control(name: str) -> None:
    wire = astm(HEAD, "P|1", f"O|1|S-7||^^^DIF|R||||||N||||{name}", result("13.3"), L)
    assert (len(measured(turns(wire))), len(controls(turns(wire)))) == (0, 1)
    wire = hl7(MSH, OBR, obx("12.2"), f"SPM|1|S-101||{name}")
    assert (len(measured(turns(wire))), len(controls(turns(wire)))) == (0, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("LJQC", "QCResult", "QualityControl", "Control Level 1", "L-J", "XB", "00003^LJ"),
        *("\u8d28\u63a7", "Low Control", "CAL^Calibration"),
    ],
)
def test_what_an_order_is_called_tells_a_control(name: str) -> None:
    found = turns(hl7(MSH, OBR.replace("00001^Automated Count^99MRC", name), obx("12.2")))
    assert (len(measured(found)), len(controls(found))) == (0, 1)


@pytest.mark.parametrize("sample", ["QC-1", "QC-61380801", "ctrl7", "CAL 1", "LJQC"])
def test_a_number_like_a_controls_is_a_doubt(sample: str) -> None:
    (found,) = measured(turns(astm(HEAD, "P|1", f"O|1|{sample}", result("13.3"), L)))
    assert (found.record, found.quality) == (sample, ("perhaps_no_patient",))
    person = "P|1||||Cal^Con"
    (plain,) = measured(turns(astm(HEAD, person, "O|1|CALIF-1", result("13.3"), L)))
    assert plain.quality == ()


# --- sample and time ----------------------------------------------------------------------------

ASTM_SAMPLES = {
    "O-3": (("P|1|P3|P4", "O|1|S-7^rack|I-8"), "S-7"),
    "O-4": (("P|1|P3|P4", "O|1||^^    113^A^C"), "113"),
    "O-4 behind rack and position": (("P|1", "O|1||3^7^    113^B^C"), "113"),
    "P-3": (("P|1|P3|P4", "O|1"), "P3"),
    "P-4": (("P|1||P4", "O|1"), "P4"),
    "R-11": (("P|1", "O|1"), "KIM"),
    "": (("P|1", "O|1"), None),
}


@pytest.mark.parametrize("home", ASTM_SAMPLES)
def test_an_astm_sample_has_several_homes(home: str) -> None:
    records, sample = ASTM_SAMPLES[home]
    row = result("13.0").replace("F||||", "F||KIM||" if home == "R-11" else "F||||")
    (found,) = measured(turns(astm(HEAD, *records, row, L)))
    assert found.record == sample
    assert found.found == ((home[:4].strip(), "R-13") if home else ("R-13",))


def test_the_next_patients_result_never_keeps_the_former_sample() -> None:
    wire = astm(HEAD, "P|1", "O|1|S-1", result("9.0"), "P|2", "O|1", result("10.0"), L)
    assert [each.record for each in measured(turns(wire))] == ["S-1", None]
    without_order = astm(HEAD, "P|1", "O|1|S-1", result("9.0"), "P|2", result("10.0"), L)
    assert [each.record for each in measured(turns(without_order))] == ["S-1", None]


@pytest.mark.parametrize(
    ("row", "order", "place", "time"),
    [
        ("F|||20260101115700|20260101115900", "O|1|S", "R-13", "2026-01-01T11:59:00"),
        ("F|||20260101115700|", "O|1|S", "R-12", "2026-01-01T11:57:00"),
        ("F||||00000000000000", ORDER, "O-7", "2026-01-01T11:00:00"),
        ("F", "O|1|S", "H-14", "2026-01-01T12:00:00"),
    ],
)
def test_an_astm_time_has_several_homes(row: str, order: str, place: str, time: str) -> None:
    (found,) = measured(turns(astm(HEAD, "P|1", order, f"R|1|^^^718-7|13|g/dL||||{row}", L)))
    assert (found.found[-1], str(found.device_time)) == (place, time.replace("T", " "))


HL7_SAMPLES = {
    "OBR-3": (("OBR|1|ORD-1|S-101^BC|1^CBC", obx("13"), "SPM|1|SP-1"), "S-101"),
    "OBR-2": (("OBR|1|ORD-1||1^CBC", obx("13"), "SPM|1|SP-1"), "ORD-1"),
    "SPM-2": (("OBR|1|||1^CBC", obx("13"), "SPM|1|^SP-1&BC"), "SP-1"),
    "SAC-3": (("SAC|||T-1", "OBR|1|||1^CBC", obx("13")), "T-1"),
}


@pytest.mark.parametrize("home", HL7_SAMPLES)
def test_an_hl7_sample_has_several_homes(home: str) -> None:
    segments, sample = HL7_SAMPLES[home]
    (found,) = measured(turns(hl7(MSH, "PID|1", *segments)))
    assert (found.record, found.found[0]) == (sample, home)


@pytest.mark.parametrize(
    ("order", "at", "place"),
    [
        (OBR, "20260911093100", "OBX-14"),
        (OBR, "", "OBR-7"),
        (OBR, "20260911", "OBR-7"),
        ("OBR|1||S-101|||||||||||||||||||20260911094000+0500", "", "OBR-22"),
    ],
)
def test_an_hl7_time_has_several_homes(order: str, at: str, place: str) -> None:
    row = f"OBX|1|NM|718-7||13|g/dL|||||F|||{at}"
    (found,) = measured(turns(hl7(MSH, order, row)))
    minutes = {"OBX-14": 31, "OBR-7": 25, "OBR-22": 40}[place]
    assert found.found[-1] == place
    assert found.device_time is not None
    assert (found.device_time.hour, found.device_time.minute) == (9, minutes)


def test_a_site_says_where_its_analyser_puts_them() -> None:
    site = Site(TESTS, sample=("OBR-2", "OBR-3"), time=("OBR-22",))
    order = "OBR|1|BAR-9|17|1^CBC|||20260911092500|||||||||||||||20260911094000"
    (found,) = measured(turns(hl7(MSH, order, obx("13")), site))
    assert (found.record, found.found) == ("BAR-9", ("OBR-2", "OBR-22"))
    site = Site(TESTS, sample=("O-4.2",))
    (found,) = measured(turns(astm(HEAD, "P|1", "O|1|1|A^B-2", result("13"), L), site))
    assert (found.record, found.found[0]) == ("B-2", "O-4.2")


def test_a_counter_that_restarts_is_no_identity() -> None:
    first = hl7(MSH, "OBR|1||S-101", obx("13.0"))
    second = hl7(MSH, "OBR|1||S-202", obx("13.0"))
    one, again, other = (measured(turns(wire))[0] for wire in (first, first, second))
    assert one.message == again.message != other.message
    assert (one.record, other.record) == ("S-101", "S-202")


@pytest.mark.parametrize(
    "wire",
    [
        hl7(MSH, "PID|1", "OBR|1", obx("13.0"), "PID|2", "OBR|1", obx("13.0")),
        astm(HEAD + "|20260101120000", "P|1", "O|1", result("13"), "P|1", "O|1", result("13"), "L"),
    ],
)
def test_two_patients_in_one_message_are_two_though_nothing_tells_them_apart(wire: bytes) -> None:
    found = measured(turns(wire))
    assert len({each.message for each in found}) == len(found) == 2
    again = measured(turns(wire))
    assert [each.message for each in again] == [each.message for each in found]


# --- status -------------------------------------------------------------------------------------

STATUSES = {
    "": ("13.0 g/dL", ()),
    "F": ("13.0 g/dL", ()),
    "C": ("13.0 g/dL", ("corrected",)),
    "V": ("13.0 g/dL", ()),
    "W": ("13.0 g/dL", ("questionable",)),
    "?": ("13.0 g/dL", ("questionable",)),
    "P": (NOT_FINAL, ()),
    "S": (NOT_FINAL, ()),
    "I": (NOT_FINAL, ()),
    "X": (NO_RESULT, ()),
}


@pytest.mark.parametrize("status", STATUSES)
def test_an_astm_status(status: str) -> None:
    text, doubts = STATUSES[status]
    found = turns(astm(HEAD, "P|1", ORDER, result("13.0", status=status), L))
    assert [*said(found), *refused(found)] == [text]
    assert [each.quality for each in measured(found)] in ([doubts], [])


@pytest.mark.parametrize(
    ("status", "text", "doubts"),
    [
        ("", "13.0 g/dL", ("unchecked",)),
        ("F", "13.0 g/dL", ("unchecked",)),
        ("U", "13.0 g/dL", ("unchecked",)),
        ("C", "13.0 g/dL", ("corrected", "unchecked")),
        ("R", "13.0 g/dL", ("questionable", "unchecked")),
        ("P", NOT_FINAL, ()),
        ("I", NOT_FINAL, ()),
        ("X", NO_RESULT, ()),
        ("D", WITHDRAWN, ()),
        ("W", "13.0 g/dL", ("questionable", "unchecked")),
    ],
)
def test_an_hl7_status(status: str, text: str, doubts: tuple[str, ...]) -> None:
    found = turns(hl7(MSH, OBR, obx("13.0", status=status)))
    assert [*said(found), *refused(found)] == [text]
    assert [each.quality for each in measured(found)] == ([doubts] if doubts else [])


# --- values, units and codes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "sent", "unit", "reason"),
    [
        ("^^^WBC", "13.0", "g/dL", UNMAPPED),
        ("^^^718-7", "13.0", "mmol/L", BAD_UNIT),
        ("^^^718-7", "13.0", "", BAD_UNIT),
        ("^^^718-7", "see note", "g/dL", BAD_VALUE),
        ("^^^718-7", "----", "g/dL", NO_RESULT),
    ],
)
def test_each_refusal_has_its_own_reason(test: str, sent: str, unit: str, reason: str) -> None:
    found = turns(astm(HEAD, "P|1", ORDER, f"R|1|{test}|{sent}|{unit}||||F", L))
    assert (measured(found), refused(found)) == ([], [reason])
    (told,) = [each for turn in found for each in turn.refused]
    assert told.tests == (test,)
    assert test in told.text


def test_one_reason_is_said_once_a_message() -> None:
    rows = [f"R|{n}|^^^T{n}|1|g/L||||F" for n in range(20)]
    assert refused(turns(astm(HEAD, "P|1", ORDER, *rows, result("13"), L))) == [UNMAPPED]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("718-7", "718-7^HGB^LN"),
        ("HGB", "718-7^HGB^LN"),
        ("^^^HGB", "^^^^HGB^1"),
        ("^^^HGB", "^^^HGB^718-7"),
        ("^^^^HGB^1", "^^^^HGB^1"),
        ("718-7^HGB^LN", "718-7^HGB^LN"),
    ],
)
def test_codes_are_matched_by_component(name: str, sent: str) -> None:
    found = turns(
        astm(HEAD, "P|1", ORDER, f"R|1|{sent}|13.0|g/dL||||F", L), {name: LabTest("718-7", "g/dL")}
    )
    assert said(found) == ["13.0 g/dL"]


def test_the_row_that_names_most_wins_and_two_that_differ_are_no_answer() -> None:
    rows = {"HGB": LabTest("718-7", "g/dL"), "^^^HGB^C": LabTest("20509-6", "g/dL")}
    wire = astm(HEAD, "P|1", ORDER, "R|1|^^^HGB^C|13.0|g/dL||||F", L)
    assert measured(turns(wire, rows))[0].values[0].code == "20509-6"
    rows = {"HGB": LabTest("718-7", "g/dL"), "C": LabTest("20509-6", "g/dL")}
    assert refused(turns(wire, rows)) == [UNMAPPED]


@pytest.mark.parametrize("unit", ["g/dL", "g/dL^^UCUM", "gm^g/dL^UCUM", "G/DL", " g/dl "])
def test_units_are_matched_by_component(unit: str) -> None:
    assert said(turns(hl7(MSH, OBR, obx("13.0", unit=unit)))) == ["13.0 g/dL"]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("13.0", "NM", "13.0 g/dL"),
        ("+13.0", "NM", "13.0 g/dL"),
        ("-1.5", "NM", "-1.5 g/dL"),
        ("13,5", "NM", "13.5 g/dL"),
        ("0,125", "NM", "0.125 g/dL"),
        ("1.234,5", "NM", "1234.5 g/dL"),
        ("1,234.5", "NM", "1234.5 g/dL"),
        ("1.3E1", "NM", "13 g/dL"),
        ("<0.5", "ST", "<0.5 g/dL"),
        ("< 0.5", "ST", "<0.5 g/dL"),
        (">= 25,6", "ST", ">=25.6 g/dL"),
        ("\u226425.6", "ST", "<=25.6 g/dL"),
        ("<=^0.5", "SN", "<=0.5 g/dL"),
        ("^13.0", "SN", "13.0 g/dL"),
        (">^400", "SN", ">400 g/dL"),
        ("13.0 g/dL", "ST", "13.0 g/dL"),
        ("1,234", "NM", BAD_VALUE),
        ("10-15", "ST", BAD_VALUE),
        ("^10^-^15", "SN", BAD_VALUE),
        ("^1^:^128", "SN", BAD_VALUE),
        ("1:128", "ST", BAD_VALUE),
        ("13.0~14.0", "NM", BAD_VALUE),
        ("13.0 or so", "ST", BAD_VALUE),
        ("", "NM", NO_RESULT),
        ("----", "ST", NO_RESULT),
        ("INVALID", "ST", NO_RESULT),
        ("+++", "ST", BAD_VALUE),
    ],
)
def test_the_grammar_of_numbers(value: str, kind: str, text: str) -> None:
    found = turns(hl7(MSH, OBR, obx(value, kind)))
    assert [each.replace("1.3E+1", "13") for each in [*said(found), *refused(found)]] == [text]


@pytest.mark.parametrize(("value", "text"), [("1:128", "128 {titer}"), ("<1:8", "<8 {titer}")])
def test_a_titre_counts_where_the_site_expects_one(value: str, text: str) -> None:
    rows = {"718-7": LabTest("22461-8", "{titer}")}
    assert said(turns(hl7(MSH, OBR, obx(value, "ST", unit="")), rows)) == [text]


WORDS = {
    "NEGATIVE": "negative",
    "Neg.": "negative",
    "(-)": "negative",
    "NOT DETECTED": "not-detected",
    "not_detected": "not-detected",
    "NOT DETECTED^": "not-detected",
    "MTB DETECTED LOW": "detected-low",
    "Non-Reactive": "non-reactive",
    "REACTIVE": "reactive",
    "TRACE": "trace",
    "+/-": "trace",
    "1+": "1-plus",
    "+++": "3-plus",
    "+2": "2-plus",
    "\u9634\u6027": "negative",
    "POSITIVE^35.2": "positive",
}


@pytest.mark.parametrize("value", WORDS)
def test_words_of_a_closed_table(value: str) -> None:
    found = turns(hl7(MSH, OBR, obx(value, "ST", unit="")), {"718-7": LabTest("75622-1", "")})
    assert said(found) == [WORDS[value]]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("260415000^Not detected^SCT", "CE", "not-detected"),
        ("POS^Positive^L", "CWE", "positive"),
        ("^2^+", "SN", "2-plus"),
        ("NEG^Positive^L", "CWE", BAD_VALUE),
        ("probably negative", "ST", BAD_VALUE),
        ("NOT", "ST", BAD_VALUE),
    ],
)
def test_coded_values(value: str, kind: str, text: str) -> None:
    found = turns(hl7(MSH, OBR, obx(value, kind, unit="")), {"718-7": LabTest("75622-1", "")})
    assert [*said(found), *refused(found)] == [text]


# --- delimiters, escapes, notes, ends -----------------------------------------------------------


def test_the_header_says_what_parts_fields() -> None:
    wire = astm("H!~*%!!!GX", "P!1", "O!1!S-1", "R!1!***718-7!13.0!g/dL!!!!F", "L!1!N")
    assert [each.record for each in measured(turns(wire))] == ["S-1"]


def test_escapes_are_undone() -> None:
    rows = {"718-7": LabTest("6690-2", "10*9/L")}
    assert said(turns(hl7(MSH, OBR, obx("4.1", unit=r"10\S\9/L")), rows)) == ["4.1 10*9/L"]


def test_a_note_never_becomes_a_value() -> None:
    note = "NTE|1||OBX: see\nOBX|1|NM|718-7||99.0|g/dL|||||F"
    assert said(turns(hl7(MSH, OBR, obx("13.0"), note))) == ["13.0 g/dL"]
    assert said(turns(hl7(MSH, OBR, "NTE|1||13.0"))) == []
    comment = "C|1|I|R|1|^^^718-7|99.0|g/dL||||F\nR|1|^^^718-7|99.0|g/dL||||F"
    assert said(turns(astm(HEAD, "P|1", ORDER, result("13.0"), comment, L))) == ["13.0 g/dL"]


def test_lf_ends_a_segment_only_where_no_cr_stands() -> None:
    assert said(turns(hl7(MSH, OBR, obx("13.0"), ends="\n"))) == ["13.0 g/dL"]
    assert said(turns(hl7(MSH, OBR, obx("13.0"), ends="\r\n"))) == ["13.0 g/dL"]
    split = obx("13.0").replace("HGB", "HG\nB")
    assert said(turns(hl7(MSH, OBR, split))) == ["13.0 g/dL"]


NO_CR_BETWEEN = {
    "CR behind the last": lambda rows: "\n".join(rows) + "\r",
    "CR LF behind the last": lambda rows: "\n".join(rows) + "\r\n",
    "CR before the first": lambda rows: "\r" + "\n".join(rows),
    "CR behind the head": lambda rows: rows[0] + "\r" + "\n".join(rows[1:]) + "\n",
}


@pytest.mark.parametrize("form", NO_CR_BETWEEN)
def test_a_single_cr_makes_no_message_of_cr(form: str) -> None:
    join = NO_CR_BETWEEN[form]
    wire = b"\x0b" + join([MSH, "PID|1", OBR, obx("13.0")]).encode() + b"\x1c\r"
    assert said(turns(wire)) == ["13.0 g/dL"]
    body = b"1" + join([HEAD, "P|1", ORDER, result("13.0"), L]).encode() + b"\x03"
    wire = b"\x05\x02" + body + b"%02X\r\n\x04" % sum8(body)
    assert said(turns(wire)) == ["13.0 g/dL"]


@pytest.mark.parametrize(
    "rows", [(), (OBR,), ("NTE|1||see\nOBX|1|NM|718-7||99.0|g/dL|||||F",), (OBR, "NTE|1||13.0")]
)
@pytest.mark.parametrize("head", [MSH, OUL])
def test_results_without_a_result_are_refused_and_kept(head: str, rows: tuple[str, ...]) -> None:
    found = turns(hl7(head, *rows))
    assert (said(found), refused(found)) == ([], ["malformed"])
    assert answer(found)["MSA"][1] == "AR"


@pytest.mark.parametrize(
    "records",
    [
        ("P|1", ORDER, L),
        ("P|1", ORDER + "\nnote\nR|1|^^^718-7|13.0|g/dL||||F", L),
        ("P|1", "?|1", L),
    ],
)
def test_records_without_a_result_are_refused_and_kept(records: tuple[str, ...]) -> None:
    found = turns(astm(HEAD, *records))
    assert (said(found), refused(found)) == ([], ["malformed"])
    (told,) = [each for turn in found for each in turn.refused]
    assert records[1].encode() in told.raw


def test_a_line_test_of_an_analyser_is_no_fault() -> None:
    assert refused(turns(astm(HEAD, L))) == []


def test_a_result_hidden_in_another_ones_field_is_said() -> None:
    wire = hl7(MSH, OBR, obx("13.0") + "\nOBX|2|NM|718-7||9.0|g/dL|||||F")
    assert (said(turns(wire)), refused(turns(wire))) == (["13.0 g/dL"], ["malformed"])


@pytest.mark.parametrize("kind", ["ED", "RP", "DT", "NR", "CX", "TN", "XX"])
def test_a_mapped_value_of_another_type_is_said(kind: str) -> None:
    assert refused(turns(hl7(MSH, OBR, obx("13.0", kind)))) == [BAD_VALUE]
    other = obx("13.0", kind).replace("718-7", "08001")
    assert refused(turns(hl7(MSH, OBR, other, obx("12.0")))) == []
    found = turns(hl7(MSH, OBR, other))
    assert (refused(found), answer(found)["MSA"][1]) == ([UNMAPPED], "AA")


@pytest.mark.parametrize("kind", ["IS", "ID"])
def test_a_code_of_a_table_is_a_word(kind: str) -> None:
    rows = {"718-7": LabTest("75622-1", "")}
    assert said(turns(hl7(MSH, OBR, obx("NEG", kind, unit="")), rows)) == ["negative"]
    assert refused(turns(hl7(MSH, OBR, obx("1", kind, unit="")), rows)) == [BAD_VALUE]


ORDER_STATUSES = [("", ()), ("F", ()), ("P", ("questionable",)), ("C", ("corrected",)), ("X", None)]


@pytest.mark.parametrize(("status", "doubts"), ORDER_STATUSES)
def test_an_orders_status_counts_where_the_result_has_none(
    status: str, doubts: tuple[str, ...] | None
) -> None:
    order = f"O|1|S-7{'|' * 23}{status}"
    found = turns(astm(HEAD, "P|1", order, result("13.0", status=""), L))
    assert [each.quality for each in measured(found)] == ([] if doubts is None else [doubts])
    order = f"OBR|1||S-7{'|' * 22}{status}"
    found = turns(hl7(MSH, order, obx("13.0", status="")))
    wanted = [] if doubts is None else [(*doubts, "unchecked")]
    assert [each.quality for each in measured(found)] == wanted
    assert refused(found) == ([NO_RESULT] if doubts is None else [])


def test_the_end_mark_alone_ends_a_message() -> None:
    wire = hl7(MSH, OBR, obx("13.0"))
    found = turns(wire[:-1] + wire[:-1] + b"\r")
    assert said(found) == ["13.0 g/dL"] * 2
    assert len([turn for turn in found if turn.write]) == 2


# --- character sets -----------------------------------------------------------------------------

CREA = {"^^^CREA": LabTest("14682-9", "umol/L"), "CREA": LabTest("14682-9", "umol/L")}


@pytest.mark.parametrize("sign", ["\u00b5", "\u03bc"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "latin-1", "cp1252", "cp1251", "gb18030", "cp437", "shift-jis"]
)
@pytest.mark.parametrize("unit", ["umol/L", "\u00b5mol/L", "\u03bcmol/l"])
def test_no_unit_is_lost_in_any_character_set(sign: str, encoding: str, unit: str) -> None:
    try:
        f"{sign}mol/L".encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("this set does not have this sign")
    rows = {"^^^CREA": LabTest("14682-9", unit), "CREA": LabTest("14682-9", unit)}
    row = f"R|1|^^^CREA|88|{sign}mol/L||||F"
    assert said(turns(astm(HEAD, "P|1", ORDER, row, L, encoding=encoding), rows)) == ["88 umol/L"]
    segment = f"OBX|1|NM|CREA||88|{sign}mol/L|||||F"
    assert said(turns(hl7(MSH, OBR, segment, encoding=encoding), rows)) == ["88 umol/L"]


def test_a_declared_set_comes_before_the_sites_and_that_before_a_guess() -> None:
    head = MSH.replace("UNICODE", "GB 18030-2000")
    segment = obx("\u9634\u6027", "ST", unit="")
    rows = {"718-7": LabTest("75622-1", "")}
    assert said(turns(hl7(head, OBR, segment, encoding="gb18030"), rows)) == ["negative"]
    russian = "\u043e\u0442\u0440\u0438\u0446\u0430\u0442\u0435\u043b\u044c\u043d\u044b\u0439"
    row = f"R|1|^^^718-7|{russian}|||||F"
    wire = astm(HEAD, "P|1", ORDER, row, L, encoding="cp866")
    assert refused(turns(wire, rows)) == [BAD_VALUE]
    assert said(turns(wire, Site(rows, encoding="cp866"))) == ["negative"]


# --- answers ------------------------------------------------------------------------------------


def test_an_acknowledgement_mirrors_the_question() -> None:
    head = MSH.replace("|1|P|", "|77|Q|").replace("BC-5000|||", "BC-5000|LIS|Clinic|")
    found = turns(hl7(head, OBR, obx("13.0")))
    sent = answer(found)
    msh = sent["MSH"]
    assert msh[1:6] == ["^~\\&", "LIS", "Clinic", "Mindray", "BC-5000"]
    assert msh[6] == f"{NOON:%Y%m%d%H%M%S}"
    assert (msh[8], msh[10], msh[11], msh[17]) == ("ACK^R01", "Q", "2.3.1", "UNICODE")
    assert msh[9] not in ("", "77")
    assert sent["MSA"][:3] == ["MSA", "AA", "77"]


def test_two_answers_have_two_ids() -> None:
    wire = hl7(MSH, OBR, obx("13.0"))
    sent = [turn.write for turn in turns(wire + wire) if turn.write]
    assert len(set(sent)) == 2


def test_an_answer_uses_the_questions_own_signs() -> None:
    segments = (each.replace("|", "#").replace("^", "@") for each in (OBR, obx("13.0")))
    wire = hl7(MSH.replace("|", "#").replace("^", "@"), *segments)
    (sent,) = [turn.write for turn in turns(wire) if turn.write]
    assert sent.startswith(b"\x0bMSH#@~\\&#")
    assert b"\rMSA#AA#1\r" in sent


@pytest.mark.parametrize(
    ("asked", "reply", "code", "rest"),
    [
        ("ORM^O01", "ORR^O02", "AR", None),
        ("OML^O33", "ORL^O34", "AR", None),
        ("QRY^Q02", "QCK^Q02", "AA", ["QAK", "SR", "NF"]),
        ("QBP^Q11^QBP_Q11", "RSP^K11^RSP_K11", "AA", ["QAK", "T-1", "NF"]),
        ("ADT^A01", "ACK^A01", "AR", None),
        ("SSU^U03", "ACK^U03", "AA", None),
    ],
)
def test_a_query_is_answered_in_its_own_form_and_is_no_result(
    asked: str, reply: str, code: str, rest: list[str] | None
) -> None:
    wire = hl7(MSH.replace("ORU^R01", asked), "QPD|WOS^x|T-1|S-9", OBR, obx("13.0"))
    found = turns(wire)
    assert measured(found) == []
    sent = answer(found)
    assert sent["MSH"][8] == reply
    assert sent["MSA"][1:3] == [code, "1"]
    assert rest is None or sent["QAK"] == rest


def test_an_acknowledgement_is_never_answered() -> None:
    assert [turn.write for turn in turns(hl7(MSH.replace("ORU^R01", "ACK^R01")))] == [b"", b""]


def test_an_astm_query_is_refused_by_a_message_of_its_own() -> None:
    ask = astm(HEAD.replace("|P|E", "|P|1|"), "Q|1|^S-9||ALL||||||||O", L)
    sent = [turn.write for turn in turns(ask + b"\x06\x06\x06") if turn.write]
    assert sent[-4] == b"\x05"
    assert sent[-3].startswith(b"\x021H|\\^&||||||||||P|LIS2-A2\r\x03")
    assert sent[-2].startswith(b"\x022L|1|I\r\x03")
    assert sent[-1] == b"\x04"
    refusal = [turn.write for turn in turns(ask + b"\x15") if turn.write]
    assert refusal[-2:] == [b"\x05", b"\x04"]


def test_an_analyser_that_speaks_first_is_listened_to() -> None:
    ask = astm(HEAD, "Q|1|^S-9||ALL||||||||O", L)
    found = turns(ask + astm(HEAD, "P|1", ORDER, result("13.0"), L))
    assert said(found) == ["13.0 g/dL"]


def test_a_message_without_a_head_is_refused_and_kept() -> None:
    found = turns(hl7("OBX|1|NM|718-7||13.0|g/dL|||||F"))
    assert refused(found) == ["malformed"]
    assert answer(found)["MSA"][1] == "AR"


# --- anything at all ----------------------------------------------------------------------------

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x02\x03\x04\x05\x17\x0b\x1c\r\n"), max_size=30
)
FIELDS = st.lists(TEXT, max_size=16).map("|".join)


@given(st.lists(st.tuples(st.sampled_from("HPORCQML"), FIELDS), max_size=8))
def test_no_records_harm_a_session(rows: list[tuple[str, str]]) -> None:
    found = turns(astm(*(f"{name}|{rest}" for name, rest in rows)))
    assert all(each.code == "718-7" for one in measured(found) for each in one.values)


@given(
    st.lists(st.tuples(st.sampled_from(["OBX", "OBR", "SPM", "PID", "NTE"]), FIELDS), max_size=8),
    TEXT,
)
def test_no_segments_harm_a_session(rows: list[tuple[str, str]], head: str) -> None:
    wire = hl7(f"MSH|^~\\&{head}", *(f"{name}|{rest}" for name, rest in rows))
    assert all(turn.write for turn in turns(wire)[1:] if turn.measured)


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from(["hl7_mllp", "astm_e1381"]))
def test_no_bytes_harm_a_session(parts: list[bytes], protocol: str) -> None:
    mark = b"\x0b" if protocol == "hl7_mllp" else b"\x05\x02"
    turns(mark + b"\x1c\r\x0b".join(parts) + b"\x1c\r\x04", protocol=protocol)


@given(st.decimals(min_value=-99999, max_value=99999, places=3), st.sampled_from("<>"))
def test_any_bound_is_kept_as_it_was_sent(value: object, sign: str) -> None:
    assert said(turns(hl7(MSH, OBR, obx(f"{sign}{value}", "ST")))) == [f"{sign}{value} g/dL"]


@given(st.binary(max_size=60))
def test_no_character_set_loses_a_byte_of_ascii(raw: bytes) -> None:
    body = bytes(byte for byte in raw if byte not in b"\x02\x03\x04\x05\x17\x0b\x1c\r\n|")
    wire = hl7(MSH.replace("UNICODE", ""), OBR).replace(b"\x1c\r", b"")
    row = b"OBX|1|NM|718-7||13.0|g/dL|" + body + b"||||F\r"
    assert "13.0 g/dL" in said(turns(wire + row + b"\x1c\r")) or b"~" in body
