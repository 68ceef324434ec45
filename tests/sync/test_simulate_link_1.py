"""The link's seeds 0 to 499: everything accepted arrives once, whatever happens."""

import pytest

from sync.simulation import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_everything_accepted_arrives_once(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)
