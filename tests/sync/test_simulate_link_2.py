"""The link's seeds 500 to 999: everything accepted arrives once, whatever happens."""

import pytest

from sync.simulation import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("first", range(500, 1000, 100))
def test_everything_accepted_arrives_once(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)
