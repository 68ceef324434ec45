"""What an analyser's codes, values and units mean, as a site's map of tests agrees them."""

from __future__ import annotations

import pytest
from laboratory import HEAD, MSH, OBR, TESTS, astm, hl7, measured, obx, refused, said, turns

from devices.driver import BAD_UNIT, BAD_VALUE, NO_RESULT, UNMAPPED
from devices.protocols import laboratory_units
from devices.protocols.laboratory import Site
from devices.protocols.laboratory import Test as LabTest

GENEXPERT = "^MTB-RIF^^MTB^^^MTB"
L = "L|1|N"


def sent_by_astm(value: str, agreed: str = "g/dL", unit: str = "", code: str = "^^^X") -> list[str]:
    """Return what comes of one ASTM result: the readings, then the refusals."""
    rows = {code: LabTest("1-1", agreed)}
    found = turns(astm(HEAD, "P|1", "O|1|S-9", f"R|1|{code}|{value}|{unit}||||F", L), rows)
    return [*said(found), *refused(found)]


def sent_by_hl7(value: str, kind: str, agreed: str = "", unit: str = "") -> list[str]:
    """Return what comes of one HL7 result."""
    found = turns(hl7(MSH, OBR, obx(value, kind, unit)), {"718-7": LabTest("1-1", agreed)})
    return [*said(found), *refused(found)]


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "fits"),
    [
        (GENEXPERT, GENEXPERT, True),
        (GENEXPERT, f"{GENEXPERT}^Ct", False),
        (GENEXPERT, f"{GENEXPERT}^EndPt", False),
        (GENEXPERT, "^MTB-RIF^^MTB^^^Probe A", False),
        (GENEXPERT, "^MTB-RIF^MTB^^^^MTB", False),
        (f"{GENEXPERT}^Ct", f"{GENEXPERT}^Ct", True),
        ("MTB", GENEXPERT, True),
        ("MTB", f"{GENEXPERT}^Ct", False),
        ("Ct", f"{GENEXPERT}^Ct", True),
        ("^HIV-1 VL^^HIV^^^HIV", "^HIV-1 VL^^HIV^^^HIV^LOG", False),
        ("718-7", "718-7^HGB^LN", True),
        ("718-7^HGB", "718-7^HGB^LN", True),
        ("718-7^^LN", "718-7^HGB^LN^H1^Hb^L", True),
        ("718-7^^LN", "718-7^HGB^LN^H1", False),
        ("^^^HGB^718-7", "^^^HGB^718-7", True),
        ("^^^HGB^718-7", "^^^HGB^718-7^2", False),
    ],
)
def test_a_further_component_makes_another_quantity(name: str, code: str, *, fits: bool) -> None:
    wire = astm(HEAD, "P|1", "O|1|S-9", f"R|1|{code}|13.0|||||F", L)
    found = turns(wire, {name: LabTest("1-1", "")})
    assert [*said(found), *refused(found)] == (["13.0"] if fits else [UNMAPPED])


# --- a word and a number ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("POSITIVE^85", "mg/L", "85 mg/L"),
        ("HIV-1 DETECTED^1200", "copies/mL", "1200 {copies}/mL"),
        ("HIV-1 DETECTED 1200", "copies/mL", "1200 {copies}/mL"),
        ("DETECTED^<40", "copies/mL", "<40 {copies}/mL"),
        ("NEG^3.2", "mg/L", "3.2 mg/L"),
        ("NEG (0.2)", "mg/L", "0.2 mg/L"),
        ("NOT DETECTED^", "copies/mL", "not-detected"),
        ("INVALID^1200", "copies/mL", NO_RESULT),
        ("DETECTED^1200^1300", "copies/mL", BAD_VALUE),
        ("DETECTED^see note", "copies/mL", BAD_VALUE),
        ("NEG^POS", "mg/L", BAD_VALUE),
    ],
)
def test_the_number_behind_a_word_is_the_result_where_a_unit_is_agreed(
    value: str, unit: str, text: str
) -> None:
    assert sent_by_astm(value, unit, unit) == [text]


@pytest.mark.parametrize("value", ["POSITIVE^0.03", "POSITIVE 0.03", "POSITIVE (0.03)", "POS:0.03"])
def test_without_a_unit_the_number_stays_beside_the_word(value: str) -> None:
    wire = astm(HEAD, "P|1", "O|1|S-9", f"R|1|^^^X|{value}|||||F", L)
    (found,) = measured(turns(wire, {"^^^X": LabTest("5195-3", "")}))
    assert ([each.word for each in found.coded], found.values) == (["positive"], ())
    assert found.quality == ("signal_0.03",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("NR", NO_RESULT),
        ("NONE", NO_RESULT),
        ("nil", NO_RESULT),
        ("NOR", NO_RESULT),
        ("2+", BAD_VALUE),
        ("+++", BAD_VALUE),
        ("Pos(2+)", BAD_VALUE),
        ("MODERATE", BAD_VALUE),
        ("LOW", BAD_VALUE),
        ("NORMAL", "normal"),
        ("NEG", "negative"),
        ("NOT DETECTED", "not-detected"),
        ("TRACE", "trace"),
    ],
)
def test_a_word_in_the_place_of_a_quantity(value: str, text: str) -> None:
    assert sent_by_astm(value, "g/dL", "g/dL") == [text]
    assert sent_by_hl7(value, "ST", "g/dL", "g/dL") == [text]


def test_not_reported_is_no_word_in_a_numeric_result() -> None:
    assert sent_by_hl7("NR", "NM") == [NO_RESULT]
    assert sent_by_hl7("NR", "ST") == ["non-reactive"]


# --- codes in the place of values ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["CE", "CWE", "CNE", "CF"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("373121007", BAD_VALUE),
        ("373121007^Test not done^SCT", BAD_VALUE),
        ("12345", BAD_VALUE),
        ("1", BAD_VALUE),
        ("1^^L", BAD_VALUE),
        ("Positive^0.03", BAD_VALUE),
        ("NEG^Positive", BAD_VALUE),
        ("NR^Not reported^L", BAD_VALUE),
        ("260385009^Positive^SCT", BAD_VALUE),
        ("NEG^Negative^L^10828004^Positive^SCT", BAD_VALUE),
        ("INVALID^Invalid^L", NO_RESULT),
        ("260385009", "negative"),
        ("260385009^another wording^SCT", "negative"),
        ("LA6577-6^Negative^LN", "negative"),
        ("0^Negative^L", "negative"),
        ("1^Reactive^L", "reactive"),
        ("^^^260373001^Detected^SCT", "detected"),
        ("X^unknown^L^10828004^Positive^SCT", "positive"),
        ("2+^2+^L", "2-plus"),
    ],
)
def test_a_coded_value_is_a_word_or_nothing(kind: str, value: str, text: str) -> None:
    assert sent_by_hl7(value, kind) == [text]


@pytest.mark.parametrize("code", ["260373001", "17621005", "52101004"])
def test_a_number_that_is_also_a_code_stays_a_number(code: str) -> None:
    assert sent_by_hl7(code, "NM", "copies/mL", "copies/mL") == [f"{code} {{copies}}/mL"]
    assert sent_by_hl7(code, "NM") == [code]
    assert sent_by_hl7(code, "ST") == [BAD_VALUE]


# --- grammar ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["", "titer", "Titre", "{titer}"])
@pytest.mark.parametrize("agreed", ["", "{titer}", "titer", "Titre"])
def test_a_titre_is_one_where_no_other_unit_is_agreed(agreed: str, sent: str) -> None:
    assert sent_by_astm("1:160", agreed, sent) == ["160 {titer}"]
    assert sent_by_astm("<1:20", agreed, sent) == ["<20 {titer}"]
    assert sent_by_hl7("^1^:^128", "SN", agreed, sent) == ["128 {titer}"]
    assert sent_by_hl7(">^1^:^1280", "SN", agreed, sent) == [">1280 {titer}"]


def test_a_titre_is_none_where_another_unit_is_agreed() -> None:
    assert sent_by_astm("1:160", "g/dL", "g/dL") == [BAD_VALUE]
    assert sent_by_astm("1:160", "", "g/dL") == [BAD_UNIT]


@pytest.mark.parametrize(
    ("value", "text"),
    [(".5", "0.5"), ("<.5", "<0.5"), ("5.", "5"), (".", NO_RESULT), ("1.2.3", BAD_VALUE)],
)
def test_a_point_may_begin_or_end_a_number(value: str, text: str) -> None:
    whole = text if text in (NO_RESULT, BAD_VALUE) else f"{text} g/dL"
    assert sent_by_astm(value, "g/dL", "g/dL") == [whole]


@pytest.mark.parametrize("value", ["12.3*", "*12.3", "* 12.3", "12.3 !"])
def test_a_mark_at_a_value_is_a_doubt(value: str) -> None:
    wire = astm(HEAD, "P|1", "O|1|S-9", f"R|1|^^^718-7|{value}|g/dL||||F", L)
    (found,) = measured(turns(wire))
    assert (str(found.values[0].value), found.quality) == ("12.3", ("questionable",))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Positive(+)", "positive"),
        ("Pos(2+)", "2-plus"),
        ("POSITIVE 3+", "3-plus"),
        ("Neg(+)", BAD_VALUE),
        ("Neg(-)", "negative"),
        ("+ve", "positive"),
        ("-ve", "negative"),
        ("+-", "trace"),
        ("5+", BAD_VALUE),
        ("5-10", BAD_VALUE),
    ],
)
def test_signs_and_grades(value: str, text: str) -> None:
    assert sent_by_astm(value, "") == [text]


# --- units --------------------------------------------------------------------------------------

SPELLINGS = {
    "10*3/uL": "10^3/\u00b5L|10^3/\u03bcL|10*3/\u00b5l|x10^3/\u00b5L|10\u00b3/\u00b5L|10^3/mm^3"
    "|10\u00b3/mm\u00b3|10e3/uL|K/uL|K/\u00b5L|k/ul|10*3/mcL|10*03/uL|103/uL",
    "10*6/uL": "10^6/\u00b5L|M/uL|M/\u03bcL|10\u2076/\u00b5L|10*6/mm3",
    "/uL": "/\u00b5L|/\u03bcl|/mm3|/mm\u00b3|/cumm",
    "10*9/L": "G/L|10^9/L|x10E9/L|10\u2079/L|\u0413/\u043b|Giga/L|GIGA/L",
    "10*12/L": "T/L|10^12/L|10\u00b9\u00b2/L",
    "g/L": "g/l|\u0433/\u043b",
    "mmol/L": "mM|MMOL/L|mmol/l|\u043cmol/L|\u043c\u043c\u043e\u043b\u044c/\u043b",
    "umol/L": "\u00b5mol/L|\u03bcmol/l|UMOL/L|\u00b5M"
    "|\u00c2\u00b5mol/L|\u00ce\u00bcmol/L|\u00e6mol/L|\u043c\u043amol/L",
    "mm": "mm",
    "pg": "PG|pg",
    "fL": "FL|fl|\u0444\u043b",
    "u[IU]/mL": "\u00b5IU/mL|uIU/mL|\u00b5UI/mL",
    "ug/dL": "\u00b5g/dL|mcg/dL|MCG/DL",
    "{titer}": "titer|Titre|TITER",
}


@pytest.mark.parametrize("unit", SPELLINGS)
def test_a_unit_is_known_in_each_spelling(unit: str) -> None:
    assert {each: laboratory_units.canonical(each) for each in SPELLINGS[unit].split("|")} == (
        dict.fromkeys(SPELLINGS[unit].split("|"), unit)
    )
    assert all(laboratory_units.agree(each, unit) for each in SPELLINGS[unit].split("|"))


OTHERS = [
    *(("g/L", "G/L"), ("g/dL", "g/L"), ("mm", "mM"), ("mmol/L", "Mmol/L"), ("pg", "Pg")),
    *(("m[IU]/L", "MIU/L"), ("mU/L", "MU/L"), ("10*9/L", "g/L"), ("10*6/uL", "m/uL")),
    *(("umol/L", "\u043cmol/L"), ("umol/L", "\u03b7mol/L"), ("umol/L", "\u00e9mol/L")),
    *(("umol/L", "\ufffdmol/L"), ("umol/L", "nmol/L"), ("umol/L", "mmol/L"), ("mm", "MM")),
    *(("umol/L", "\u00ecmol/L"), ("mmol/L", "\u00ecmol/L")),
]


@pytest.mark.parametrize(("agreed", "sent"), OTHERS)
def test_no_spelling_becomes_another_unit(agreed: str, sent: str) -> None:
    assert not laboratory_units.agree(sent, agreed)
    assert not laboratory_units.agree(agreed, sent)
    assert sent_by_astm("88", agreed, sent) == [BAD_UNIT]


def test_no_two_units_of_the_table_become_one_by_their_case() -> None:
    """Whatever the size of its letters, a unit is itself, its own UCUM unit or unknown."""
    for unit in laboratory_units.UNITS:
        for other in {unit.lower(), unit.upper(), unit.swapcase(), unit.capitalize()} - {unit}:
            found = laboratory_units.canonical(other)
            assert found in {unit, other, *({"10*9/L"} if other.startswith("G/") else ())}


@pytest.mark.parametrize(
    ("written", "agreed"),
    [
        ("\u0433/\u043b", "g/L"),
        ("\u0433/\u0434\u043b", "g/dL"),
        ("\u0444\u043b", "fL"),
        ("\u0415\u0434/\u043b", "U/L"),
        ("\u043c\u043a\u043c\u043e\u043b\u044c/\u043b", "umol/L"),
        ("\u043c\u043c\u043e\u043b\u044c/\u043b", "mmol/L"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp866", "koi8-r", "iso8859-5"])
def test_a_cyrillic_unit_is_read_in_each_set(encoding: str, written: str, agreed: str) -> None:
    rows = {"^^^X": LabTest("1-1", agreed)}
    row = f"R|1|^^^X|88|{written}||||F"
    found = turns(astm(HEAD, "P|1", "O|1|S-9", row, L, encoding=encoding), rows)
    assert said(found) == [f"88 {agreed}"]


@pytest.mark.parametrize("declared", ["GB 18030-2000", "8859/5", "8859/1", "KS X 1001", "BIG-5"])
def test_a_micro_sign_survives_a_wrong_declaration(declared: str) -> None:
    head = MSH.replace("UNICODE", declared)
    wire = hl7(head, OBR, obx("88", unit="\u00b5mol/L"), encoding="latin-1")
    assert said(turns(wire, {"718-7": LabTest("14682-9", "umol/L")})) == ["88 umol/L"]


def test_only_bytes_that_some_set_has_for_micro_become_micro() -> None:
    rows = {"^^^X": LabTest("1-1", "umol/L")}
    for byte in range(0xA1, 0x100):
        row = f"R|1|^^^X|8|{chr(byte)}mol/L"
        found = turns(astm(HEAD, "P|1", "O|1|S", row, L, encoding="latin-1"), rows)
        micro = byte in (0xB5, 0xC1, 0xE6)  # Latin-1's, CP850's read as such, CP437's
        assert said(found) == (["8 umol/L"] if micro else []), hex(byte)


@pytest.mark.parametrize("sign", [chr(byte) for byte in range(0xA1, 0x100)])
def test_no_stray_sign_before_a_latin_unit_becomes_milli(sign: str) -> None:
    assert laboratory_units.canonical(f"{sign}mol/L") not in {*laboratory_units.UNITS} - {"umol/L"}


def test_a_byte_that_may_be_micro_or_milli_waits_for_the_sites_word() -> None:
    row = "R|1|^^^X|88|\u03bcmol/L||||F"
    wire = astm(HEAD, "P|1", "O|1|S-9", row, L, encoding="cp1253")
    for agreed in ("umol/L", "mmol/L"):
        rows = {"^^^X": LabTest("1-1", agreed)}
        assert refused(turns(wire, rows)) == [BAD_UNIT]
    rows = {"^^^X": LabTest("1-1", "umol/L")}
    assert said(turns(wire, Site(rows, encoding="cp1253"))) == ["88 umol/L"]


@pytest.mark.parametrize(
    ("sent", "agrees"),
    [
        ("g/dL^gram per decilitre^UCUM", True),
        ("gm^g/dL^UCUM", True),
        ("X^local^L^g/dL^^UCUM", True),
        ("^^^g/dL", True),
        ("g/L^x^y^g/dL^z^UCUM", False),
        ("g/L^g/dL^UCUM", False),
        ("X^local^L^g/dL^^Y", False),
        ("g/L^^^^^g/dL", False),
    ],
)
def test_a_second_unit_never_overrules_the_first(sent: str, *, agrees: bool) -> None:
    found = turns(hl7(MSH, OBR, obx("130", unit=sent)), TESTS)
    assert [*said(found), *refused(found)] == (["130 g/dL"] if agrees else [BAD_UNIT])
