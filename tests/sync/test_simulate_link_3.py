"""The link's seeds 1000 to 1499: everything accepted arrives once, whatever happens."""

import pytest

from sync.simulation import run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("first", range(1000, 1500, 100))
def test_everything_accepted_arrives_once(first: int) -> None:
    for seed in range(first, first + 100):
        run(seed)
