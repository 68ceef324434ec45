"""Rules beside kept answers of implementations that others wrote (`scripts/trials rules`)."""

from __future__ import annotations

import pytest

from edge.rules import rules
from trials.rule_cases import ASKED, cases
from trials.rules import KEPT_CASES, KEPT_SEED, differences, kept

JUDGED = [ask for ask in ASKED if ask in rules()]


@pytest.mark.parametrize("ask", JUDGED)
def test_nobody_disagrees_with_the_rule(ask: str) -> None:
    asked = list(kept(ask))
    assert len(asked) == KEPT_CASES
    assert all(answers for _, answers in asked)
    assert [said for case, answers in asked for said in differences(ask, case, answers)] == []


@pytest.mark.parametrize("ask", ASKED)
def test_the_kept_cases_are_those_of_the_seed(ask: str) -> None:
    assert [case for case, _ in kept(ask)] == list(cases(ask, KEPT_SEED, KEPT_CASES))


def test_a_wrong_answer_is_noticed() -> None:
    case, answers = next(iter(kept("news2")))
    wrong = {name: {**given, "total": given["total"] + 1} for name, given in answers.items()}
    assert len(differences("news2", case, wrong)) == len(answers)
