"""When an adapter is helped: gently first, ever more rarely, and not at all while it works."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ble.adapter_watch import AdapterWatch, Step, StepTimes, Trouble, planned

PATIENCE = StepTimes()
HOUR_S, NIGHT_S = 3600, 12 * 3600
GENTLENESS = list(Step)


def steps(watch: AdapterWatch, seconds: int, event: str) -> list[tuple[int, Step]]:
    taken = []
    for now in range(seconds):
        (watch.fails if event == "fails" else watch.scans)(now)
        step = watch.due(now)
        if step is not None:
            watch.took(now)
            taken.append((now, step))
    return taken


def test_an_adapter_that_fails_is_helped_within_minutes() -> None:
    taken = steps(AdapterWatch(), HOUR_S, "fails")
    assert [step for _, step in taken[:3]] == [Step.RESCAN, Step.POWER_CYCLE, Step.RESTART]
    assert taken[2][0] < 120


def test_a_quiet_night_is_no_emergency() -> None:
    taken = steps(AdapterWatch(), NIGHT_S, "scans")
    assert len(taken) <= 8
    assert [step for _, step in taken].count(Step.RESTART) == 1
    assert taken[1] == (660, Step.POWER_CYCLE)


def test_whatever_is_heard_ends_an_episode() -> None:
    watch = AdapterWatch()
    steps(watch, HOUR_S, "scans")
    watch.alive()
    assert watch.due(HOUR_S * 10) is None
    watch.scans(HOUR_S)
    assert watch.due(HOUR_S) is None
    assert watch.due(HOUR_S + 60) is Step.RESCAN


def test_a_scan_that_fails_again_at_once_has_not_recovered() -> None:
    watch, taken = AdapterWatch(), []
    for now in range(0, 200, 5):
        watch.fails(now)
        taken += [step] if (step := watch.due(now)) else []
        watch.took(now) if taken and step else None
        watch.scans(now + 1)
    assert Step.RESTART in taken


def test_a_scan_that_holds_has_recovered() -> None:
    watch = AdapterWatch()
    watch.fails(0)
    watch.scans(10)
    assert watch.episode is not None
    assert watch.episode.trouble is Trouble.FAILING
    watch.scans(31)
    assert watch.episode.trouble is Trouble.SILENT


@pytest.mark.parametrize("trouble", list(Trouble))
def test_waits_grow_up_to_a_longest(trouble: Trouble) -> None:
    waits = [planned(trouble, taken, PATIENCE)[1] for taken in range(60)]
    assert waits == sorted(waits)
    assert waits[-1] <= 4 * HOUR_S
    first = [planned(trouble, taken, PATIENCE)[0] for taken in range(5)]
    assert sorted(first, key=first.index)[0] is Step.RESCAN
    assert first.index(Step.POWER_CYCLE) < first.index(Step.RESTART)


@given(
    st.lists(
        st.tuples(st.sampled_from(["fails", "scans", "alive"]), st.integers(1, 600)), max_size=200
    )
)
def test_help_is_never_harsher_than_what_was_tried_and_never_for_the_living(
    story: list[tuple[str, int]],
) -> None:
    watch, now, tried = AdapterWatch(), 0, set[Step]()
    episode = None
    for event, pause in story:
        now += pause
        if event == "alive":
            watch.alive()
            assert watch.due(now) is None
        else:
            (watch.fails if event == "fails" else watch.scans)(now)
        since = (watch.episode.trouble, watch.episode.since_s) if watch.episode else None
        if since != episode:
            episode, tried = since, set()
        step = watch.due(now)
        if step is not None:
            gentler = GENTLENESS[: GENTLENESS.index(step)]
            assert tried >= set(gentler)
            tried.add(step)
            watch.took(now)
            assert watch.due(now) is None
