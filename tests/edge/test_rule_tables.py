"""The loader refuses a wrong table with a sentence that names the file and the line."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib.resources import files

import pytest

from edge.rules.facts import DANGER_SIGNS
from edge.rules.library import packaged
from edge.rules.loader import load
from edge.rules.table_rows import TableError
from edge.rules.triage_signs import CHILD_TRIAGE_SIGNS, TRIAGE_SIGNS, YOUNG_INFANT_SIGNS
from edge.visits.visit_words import DANGER_SIGNS as VISIT_SIGNS
from edge.visits.visit_words import MORE_SIGNS

NEWS2 = files("edge.rules").joinpath("tables/news2.toml").read_text("utf-8")
GRADE = files("edge.rules").joinpath("tables/bp_grade_adult.toml").read_text("utf-8")


def replaced(old: str, new: str, text: str = NEWS2) -> tuple[str, int]:
    """The text with one place changed, and the line of that place."""
    assert text.count(old) >= 1, old
    at = text.index(old)
    return text[:at] + new + text[at + len(old) :], text[:at].count("\n") + 1


REFUSED = [
    ("gap", "{ least = 12, most = 20, gives = 0 }", "{ least = 13, most = 20, gives = 0 }",
     "there is a gap: this band must begin at 12, not 13"),
    ("overlap", "{ least = 12, most = 20, gives = 0 }", "{ least = 11, most = 20, gives = 0 }",
     "this band overlaps the one before: it must begin at 12"),
    ("gap at a tenth", "{ least = 35.1, most = 36.0, gives = 1 }",
     "{ least = 35.2, most = 36.0, gives = 1 }", "there is a gap"),
    ("empty band", "{ least = 12, most = 20, gives = 0 }", "{ least = 12, most = 11, gives = 0 }",
     "the band from 12 to 11 is empty"),
    ("open below", "{ most = 8, gives = 3 }", "{ least = 3, most = 8, gives = 3 }",
     "what is below 3 is in no band"),
    ("open above", "{ least = 25, gives = 3 }", "{ least = 25, most = 60, gives = 3 }",
     "what is above 60 is in no band"),
    ("two ends", "{ most = 8, gives = 3 }", "{ most = 8, below = 9, gives = 3 }", "not both"),
    ("a word in no band", '{ is = ["C", "V", "P", "U"], gives = 3 }',
     '{ is = ["C", "V", "P"], gives = 3 }', "U is in no band"),
    ("a word in two bands", '{ is = ["C", "V", "P", "U"], gives = 3 }',
     '{ is = ["A", "C", "V", "P", "U"], gives = 3 }', "A is in two bands"),
    ("a word that is none", '{ is = ["C", "V", "P", "U"], gives = 3 }',
     '{ is = ["C", "V", "P", "U", "X"], gives = 3 }', "X is not possible here"),
    ("unknown unit", 'unit = "Cel"', 'unit = "C"', 'the unit of temp_c is "Cel"'),
    ("unknown code", 'code = "9279-1"', 'code = "9279-2"', 'the code of rr is "9279-1"'),
    ("unknown fact", 'fact = "hr"', 'fact = "heart"', 'no fact is called "heart"'),
    ("unknown name", 'of = "hr"', 'of = "pulse"', 'nothing is called "pulse"'),
    ("unknown key", "max_age_min = 15", "max_age = 15", '"max_age" is no key here'),
    ("not a number", "step = 0.1", 'step = "0.1"', '"step" must be a number'),
    ("bad status", 'status = "draft"', 'status = "final"', '"status" must be one of draft'),
    ("reviewed by nobody", 'status = "draft"', 'status = "reviewed"', "names its reviewers"),
    ("no level", 'level = "routine"', 'level = "green"', '"level" must be one of none'),
    ("a response to nothing", 'to = "low-medium"', 'to = "amber"', '"band" is never amber'),
    ("a combination of nothing", 'combine = "sum"', 'combine = "mean"', '"combine" must be'),
    ("a word and a number", '{ is = "A", gives = 0 }', '{ is = "A", least = 1, gives = 0 }',
     '"is" stands alone'),
    ("no words", '{ is = ["C", "V", "P", "U"], gives = 3 }', "{ is = [], gives = 3 }",
     '"is" is empty'),
    ("an endless number", "{ most = 8, gives = 3 }", "{ most = nan, gives = 3 }",
     '"most" must be a number'),
    ("a huge number", "max_age_min = 15", "max_age_min = 1e999999", "whole number up to"),
    ("an input twice", 'fact = "spo2"', 'fact = "rr"', 'the input "rr" is there already'),
    ("a step that is no step", "step = 0.1", "step = 0.3", '"step" must be 1, 0.1, 0.01'),
    ("percent as a sign", "The score is low.", "The score is below 20 %.", 'says "percent"'),
    ("no TOML", "[order]", "[order", "not written as TOML"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_wrong_table_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    text, line = replaced(old, new)
    with pytest.raises(TableError) as refused:
        load(text, "site.toml")
    assert says in refused.value.text
    assert refused.value.line == line
    assert str(refused.value).startswith(f"site.toml, line {line}: ")


def without_citation(text: str) -> str:
    start = text.index("citations = [")
    return text[:start] + "citations = []" + text[text.index("]", start) + 1 :]


def without_response(text: str) -> str:
    start = text.index('[[response]]\nto = "medium"')
    return text[:start] + text[text.index("[[response]]", start + 1) :]


def without_a_variant(text: str) -> str:
    start = text.index(
        '[[lookup]]\nname = "scale_used"\nwhen = { scale2_authorised_by = "nobody" }'
    )
    return text[:start] + text[text.index("[[", start + 2) :]


def with_a_variant_twice(text: str) -> str:
    start = text.index(
        '[[lookup]]\nname = "scale_used"\nwhen = { scale2_authorised_by = "nobody" }'
    )
    end = text.index("[[", start + 2)
    return text[:end] + text[start:end] + text[end:]


def in_a_circle(text: str) -> str:
    return text.replace('name = "sbp_grade"\nof = "sbp"', 'name = "sbp_grade"\nof = "grade"', 1)


@pytest.mark.parametrize(
    ("change", "text", "says"),
    [
        (without_citation, NEWS2, "a rule without a citation is not used"),
        (without_response, NEWS2, "there is no response to medium"),
        (without_a_variant, NEWS2, '"scale_used" has no bands where scale2_authorised_by = nobody'),
        (with_a_variant_twice, NEWS2, '"scale_used" has two rows for'),
        (in_a_circle, GRADE, "the steps need one another in a circle"),
    ],
)
def test_what_must_hold_between_rows_is_checked(
    change: Callable[[str], str], text: str, says: str
) -> None:
    with pytest.raises(TableError, match="site.toml, line [1-9]") as refused:
        load(change(text), "site.toml")
    assert says in refused.value.text


def test_every_packaged_table_is_good_and_is_said_to_be_a_draft() -> None:
    assert packaged().refusals == ()
    assert len(packaged().rules) >= 25
    for rule in packaged().rules.values():
        assert rule.citations
        assert rule.is_draft


def test_no_sentence_for_a_patient_names_a_disease() -> None:
    diseases = (
        "diabet",
        "hypertens",
        "eclamps",
        "sepsis",
        "pneumonia",
        "anaemi",
        "malnutrit",
        "shock",
    )
    for rule in packaged().rules.values():
        for response in rule.responses.values():
            assert not [word for word in diseases if word in response.patient.lower()], rule.id


def test_the_danger_signs_of_rules_are_those_of_a_visit() -> None:
    assert [word for word, _ in DANGER_SIGNS] == list(VISIT_SIGNS)


def test_the_signs_of_triage_are_those_of_a_visit_with_the_same_words_for_people() -> None:
    asked = (*TRIAGE_SIGNS, *CHILD_TRIAGE_SIGNS, *YOUNG_INFANT_SIGNS)
    assert list(asked) == [(sign.word, sign.label) for sign in MORE_SIGNS.values()]


JUNK = ("nan", "inf", "-1", "1e999999", "[]", "{}", '""', "true", "[1]", "{ a = 1 }", "[[1]]")


def spoilt(text: str, chance: random.Random) -> str:
    """A table with a line lost, doubled, or with another value in it."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, chance.choice(lines))
        case _:
            head, _, tail = lines[at].rpartition("=")
            end = tail[tail.index(" }") :] if " }" in tail else ""
            lines[at] = f"{head}= {chance.choice(JUNK)}{end}" if head else chance.choice(JUNK)
    return "\n".join(lines)


def refused_line(text: str) -> int | None:
    """The line that the loader names, None when the table is good."""
    try:
        load(text, "site.toml")
    except TableError as refused:
        return refused.line
    return None


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_table_is_good_or_is_refused_with_a_line(seed: int) -> None:
    chance = random.Random(seed)
    sources = [rule.source for rule in packaged().rules.values()]
    for _ in range(40):
        text = spoilt(chance.choice(sources), chance)
        line = refused_line(text)
        assert line is None or 1 <= line <= text.count("\n") + 1
