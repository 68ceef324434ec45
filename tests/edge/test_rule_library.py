"""A site's own rules: the last good table stays, a signed one holds, overrides are cautious."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from edge.rules.assessment import Level
from edge.rules.engine import assess
from edge.rules.library import Library, library, packaged, rules, sign
from edge.rules.table import Reviewer
from edge.rules.table_rows import TableError

BY = Reviewer("Amina Khan", "district physician", "2026-11-30")
GRADE1 = {"age_years": Decimal(50), "pregnant": False, "sbp": Decimal(145), "dbp": Decimal(80)}


def write(file: Path, text: str) -> None:
    """Write a file so that it is noticed as changed, however quick the test is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


def own(text: str) -> str:
    return text.replace('id = "bp_grade_adult"', 'id = "our_pressure"', 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_a_rule_of_the_site_is_used_and_its_last_good_table_stays(home: Path) -> None:
    good, file = own(packaged().rules["bp_grade_adult"].source), home / "rules/our_pressure.toml"
    write(file, good)
    assert rules(home)["our_pressure"].sha256 == rules(home)["our_pressure"].sha256
    before = rules(home)["our_pressure"]
    write(file, good.replace("most = 139", "most = 138"))
    after = library(home)
    assert after.rules["our_pressure"] == before
    line = 1 + good[: good.index("least = 140")].count("\n")
    assert [str(e) for e in after.refusals] == [
        f"our_pressure.toml, line {line}: there is a gap: this band must begin at 139, not 140"
    ]
    assert set(packaged().rules) < set(after.rules)


def test_a_rule_changed_after_signing_is_refused_and_the_signed_one_stays(home: Path) -> None:
    good, file = own(packaged().rules["bp_grade_adult"].source), home / "rules/our_pressure.toml"
    write(file, good)
    assert rules(home)["our_pressure"].is_draft
    sign(home, "our_pressure", BY)
    signed = rules(home)["our_pressure"]
    assert (signed.status, signed.reviewers) == ("reviewed", (BY,))
    write(file, good.replace("most = 159", "most = 158").replace("least = 160", "least = 159"))
    after = library(home)
    assert "it was changed after Amina Khan signed it on 2026-11-30" in str(after.refusals[0])
    assert after.rules["our_pressure"] == signed


def test_a_new_version_is_a_draft_until_it_is_signed(home: Path) -> None:
    good, file = own(packaged().rules["bp_grade_adult"].source), home / "rules/our_pressure.toml"
    write(file, good)
    sign(home, "our_pressure", BY)
    write(file, good.replace('version = "1"', 'version = "2"'))
    assert rules(home)["our_pressure"].is_draft
    assert library(home).refusals == ()


def test_a_table_that_calls_itself_reviewed_needs_a_signature(home: Path) -> None:
    text = own(packaged().rules["bp_grade_adult"].source)
    text = text.replace('status = "draft"', 'status = "reviewed"', 1)
    text = text.replace("reviewers = []", 'reviewers = [{ name = "X", role = "Y", date = "Z" }]', 1)
    write(home / "rules/our_pressure.toml", text)
    found = library(home)
    assert "no signature is of this version" in str(found.refusals[0])
    assert "our_pressure" not in found.rules


def test_a_packaged_rule_is_replaced_only_by_a_signed_table(home: Path) -> None:
    text = packaged().rules["bp_grade_adult"].source.replace('version = "1"', 'version = "7"')
    write(home / "rules/bp_grade_adult.toml", text)
    assert rules(home)["bp_grade_adult"].version == "1"
    assert "only when a clinician has signed it" in str(library(home).refusals[0])


def test_the_sites_version_of_a_packaged_rule_is_what_is_signed(home: Path) -> None:
    text = packaged().rules["hypotension"].source.replace('version = "1"', 'version = "2"')
    assert text != packaged().rules["hypotension"].source
    sign(home, "hypotension", BY)
    write(home / "rules/hypotension.toml", text)
    assert rules(home)["hypotension"].version == "1"
    table, before = sign(home, "hypotension", BY)
    assert (table.version, before and before.version) == ("2", "1")
    used = library(home)
    assert (used.rules["hypotension"].version, used.refusals) == ("2", ())
    assert used.rules["hypotension"].reviewers == (BY,)


def test_a_wrong_file_of_the_site_is_not_signed_nor_the_packaged_rule_instead(home: Path) -> None:
    write(home / "rules/hypotension.toml", "broken [[")
    with pytest.raises(TableError, match=r"hypotension\.toml, line 1"):
        sign(home, "hypotension", BY)
    with pytest.raises(LookupError):
        sign(home, "../hypotension", BY)
    assert packaged().rules["hypotension"] == rules(home)["hypotension"]


def test_a_signed_packaged_rule_says_who_signed(home: Path) -> None:
    sign(home, "news2", BY)
    assert rules(home)["news2"].reviewers == (BY,)
    assert packaged().rules["news2"].is_draft


@pytest.mark.parametrize("text", ["[[override]", "\x00", 'override = "x"', "[[override]]"])
def test_wrong_overrides_are_refused_and_work_goes_on(home: Path, text: str) -> None:
    write(home / "rules/overrides.toml", text)
    found = library(home)
    assert found.rules == packaged().rules
    assert len(found.refusals) == 1


def overridden(home: Path, words: str) -> Library:
    head = '[[override]]\nby = "Dr Khan"\nwhy = "The road is closed in the rains."\n'
    write(home / "rules/overrides.toml", head + words)
    return library(home)


def test_a_higher_level_of_a_response_holds_and_is_listed(home: Path) -> None:
    found = overridden(home, 'rule = "bp_grade_adult"\nresponse = "grade1"\nlevel = "urgent"\n')
    assert found.refusals == ()
    assert [(o.rule, o.what, o.by) for o in found.overrides] == [
        ("bp_grade_adult", "grade1", "Dr Khan")
    ]
    rule = found.rules["bp_grade_adult"]
    assert assess(rule, GRADE1).level is Level.URGENT
    assert assess(packaged().rules["bp_grade_adult"], GRADE1).level is Level.SOON
    assert rule.version == "1+site"
    assert rule.sha256 != packaged().rules["bp_grade_adult"].sha256


CAUTIOUS = 'rule = "bp_grade_adult"\nresponse = "grade1"\nlevel = "urgent"\n'
SECOND = '[[override]]\nby = "Dr Khan"\nwhy = "No ambulance."\nrule = "news2"\n'


@pytest.mark.parametrize("text", ["broken [[", "override = 1", "\udcff", CAUTIOUS])
def test_the_good_overrides_stay_while_the_file_is_broken(home: Path, text: str) -> None:
    before = overridden(home, CAUTIOUS + SECOND + EARLIER.split("\n", 1)[1])
    assert (len(before.overrides), before.refusals) == (2, ())
    file = home / "rules/overrides.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    os.utime(file, ns=(9 * 10**18, 9 * 10**18))
    for found in (library(home), _read_anew(home)):
        assert found.overrides == before.overrides
        assert found.rules == before.rules
        assert len(found.refusals) == 1


def _read_anew(home: Path) -> Library:
    write(home / "rules/other.toml", "")
    (home / "rules/other.toml").unlink()
    os.utime(home / "rules/overrides.toml", ns=(8 * 10**18, 8 * 10**18))
    return library(home)


def test_a_wrong_override_leaves_its_last_good_one_and_the_others(home: Path) -> None:
    good = overridden(home, CAUTIOUS)
    wrong = CAUTIOUS.replace('"urgent"', '"none"')
    more = SECOND + 'response = "high"\nrecheck_min = 5\n'
    found = overridden(home, wrong + more)
    assert len(found.refusals) == 1
    assert found.rules["bp_grade_adult"] == good.rules["bp_grade_adult"]
    assert {o.rule for o in found.overrides} == {"bp_grade_adult", "news2"}
    again = overridden(home, "broken [[")
    assert {o.rule for o in again.overrides} == {"bp_grade_adult", "news2"}
    assert {o.rule for o in overridden(home, CAUTIOUS).overrides} == {"bp_grade_adult"}
    (home / "rules/overrides.toml").unlink()
    assert library(home).overrides == ()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('rule = "bp_grade_adult"\nresponse = "grade2"\nlevel = "none"', "only be more cautious"),
        ('rule = "bp_grade_adult"\nresponse = "grade2"\nrecheck_min = 99999', "the recheck is"),
        ('rule = "news2"\nresponse = "high"\nescalate = false', "a clinician is asked"),
        ('rule = "news2"\nresponse = "higher"\nlevel = "urgent"', "has no response to higher"),
        ('rule = "nothing"\nresponse = "x"', 'there is no rule "nothing"'),
        ('rule = "news2"\nlookup = "hr_points"\nbands = [{ most = 50, gives = 3 }]', "in no band"),
        ('rule = "news2"\nlookup = "hr_points"\nbands = [{ most = 30, gives = 3 },'
         " { least = 31, gives = 0 }]", "more cautious: at 31 it gives 0"),
        ('rule = "news2"\nlookup = "hr_points"\nbands = [{ gives = 4 }]', "4 is none of"),
    ],
)  # fmt: skip
def test_a_less_cautious_override_is_refused(home: Path, words: str, says: str) -> None:
    found = overridden(home, words + "\n")
    assert found.rules == packaged().rules
    assert found.overrides == ()
    assert says in str(found.refusals[0])
    assert str(found.refusals[0]).startswith("overrides.toml, line ")


EARLIER = """rule = "news2"
lookup = "hr_points"
bands = [
    { most = 45, gives = 3 },
    { least = 46, most = 50, gives = 1 },
    { least = 51, most = 90, gives = 0 },
    { least = 91, most = 110, gives = 1 },
    { least = 111, most = 125, gives = 2 },
    { least = 126, gives = 3 },
]
"""


def test_an_earlier_band_holds(home: Path) -> None:
    found = overridden(home, EARLIER)
    assert found.refusals == ()
    facts = {"age_years": Decimal(40), "hr": Decimal(45)}
    assert assess(found.rules["news2"], facts).level is Level.URGENT
    assert assess(packaged().rules["news2"], facts).level is Level.ROUTINE


AGES = """rule = "imci_fast_breathing"
lookup = "age_group"
bands = [
    {{ most = 1, gives = "under_2_months" }},
    {{ least = 2, most = {0}, gives = "2_to_11_months" }},
    {{ least = {1}, gives = "12_to_59_months" }},
]
"""


def test_a_band_of_ages_is_compared_by_what_the_breaths_then_mean(home: Path) -> None:
    stricter = overridden(home, AGES.format(10, 11))
    assert stricter.refusals == ()
    facts = {"age_months": Decimal(11), "rr": Decimal(45)}
    assert assess(stricter.rules["imci_fast_breathing"], facts).level is Level.SOON
    milder = overridden(home, AGES.format(12, 13))
    assert "at 12 it gives 2_to_11_months instead of 12_to_59_months" in str(milder.refusals[0])


def test_what_cannot_be_worked_out_is_refused(home: Path) -> None:
    words = 'rule = "glucose_convert"\nlookup = "value"\nbands = [{ gives = 1 }]\n'
    assert "has no such lookup" in str(overridden(home, words).refusals[0])
