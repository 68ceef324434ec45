"""The link's seeds 1500 to 1999: everything accepted arrives once, whatever happens."""

import pytest

from sync.simulation import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("first", range(1500, 2000, 100))
def test_everything_accepted_arrives_once(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)
