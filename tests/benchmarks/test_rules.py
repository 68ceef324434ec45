"""Many rules judge the people of the benchmark; it times nothing here."""

from __future__ import annotations

import pytest

from benchmarks import rules as benchmark
from edge.rules import rules
from edge.rules.assessment import Status
from edge.rules.engine import assess


@pytest.mark.parametrize("facts", benchmark.PEOPLE.values(), ids=["adult", "child"])
def test_the_people_of_the_benchmark_are_judged(facts: dict[str, object]) -> None:
    answers = {name: assess(rule, facts) for name, rule in rules().items()}
    assert not [name for name, answer in answers.items() if answer.result.get("refused")]
    assert benchmark.judge(facts) >= 10
    assert sum(answer.status is Status.OK for answer in answers.values()) >= 5
