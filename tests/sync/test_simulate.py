"""The seeded world passes whatever happens in it; the seeds of a change are in the files beside."""

from __future__ import annotations

import pytest

from sync.simulation import run
from sync.simulation.__main__ import main
from sync.simulation.misfortunes import MISFORTUNES
from sync.simulation.world import SILENT_EVERY

MEDIA = {"restore_under": 20, "image": 20, "toggle_link": 2}


def test_a_seed_is_the_same_world_every_time() -> None:
    assert run(7) == run(7)


def test_the_command_names_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--from", "5"]) == 0
    assert capsys.readouterr().out.startswith("link: 2 seeds in ")


def test_media_that_change_under_the_courier_lose_nothing_that_can_be_saved() -> None:
    outcomes = [run(seed, often=MEDIA) for seed in range(20)]
    assert sum(o.forks for o in outcomes) > 20


def test_a_card_that_falls_back_again_and_again_shuts_nobody_out() -> None:
    """Seeds whose boxes name their machine, without clones: I17 would fail at a quarantine."""
    falls = {"roll_back": 20, "image": 12, "clone": 0}
    outcomes = [run(seed, often=falls) for seed in range(60) if seed % SILENT_EVERY]
    assert sum(o.forks >= 2 for o in outcomes) > 10
    assert sum(o.quarantines for o in outcomes) == 0


@pytest.mark.parametrize("seed", [4011, 8990])
def test_a_seed_that_failed_once_does_not_again(seed: int) -> None:
    """4011: two idle clones greeted in step, so that one's answer always came too late to count.

    8990: a hospital came back from a backup, and the world ended before the box greeted it again.
    """
    assert run(seed).records > 0


@pytest.mark.parametrize("name", MISFORTUNES)
def test_each_misfortune_can_be_made_frequent(name: str) -> None:
    often = {name: 60.0}
    assert all(run(seed, often=often).records > 0 for seed in range(5000, 5002))


def test_the_misfortunes_happen_to_the_worlds() -> None:
    """What a sample of seeds must have gone through, or the simulator proves little."""
    outcomes = [run(seed) for seed in range(60)]
    assert sum(o.records for o in outcomes) > 5_000
    assert sum(o.forks for o in outcomes) > 20
    assert sum(o.quarantines for o in outcomes) > 3
    assert sum(o.lost_with_medium for o in outcomes) > 20
