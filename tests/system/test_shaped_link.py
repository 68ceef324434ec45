"""A backlog of thousands on 40 kbit/s, shaped by the kernel: an alert overtakes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from absence import Absence, Clinic, raise_alarm
from broker import MOSQUITTO
from history import Deeds, History
from invariants import demand
from postgres import cluster
from region import Region
from shaped_link import ShapedLink, shaped_link

from edge.store import outbox

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
CLINIC = "Clinic behind the pass"
ABSENCE = Absence(days=4)


@pytest.fixture
def link() -> Iterator[ShapedLink]:
    with shaped_link() as made:
        yield made


@pytest.fixture
def region(tmp_path: Path, link: ShapedLink) -> Iterator[Region]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    with cluster() as database:
        region = Region(tmp_path, database, link.host)
        try:
            yield region
        finally:
            region.end()


def test_an_alert_overtakes_a_backlog_on_a_line_that_the_kernel_shapes(
    region: Region, link: ShapedLink
) -> None:
    post = region.enrol("box", CLINIC, seed=1)
    clinic = Clinic(post.store, post.settings)
    clinic.live_through(ABSENCE)
    waiting = outbox.ledger(post.store).waiting
    assert waiting > 5_000
    region.start()
    post.move_behind(link.host, region.settings.broker_port, link.inside)
    post.courier.start()
    region.until(lambda: outbox.ledger(post.store).confirmed > waiting // 10)
    up = link.bytes_up()
    alert = raise_alarm(region, post, clinic)
    up = link.bytes_up() - up
    assert outbox.ledger(post.store).waiting > 0, "the backlog was over before the alert"
    region.until(post.settled)
    region.until(lambda: region.feeds_agree(CLINIC, [post]))
    promised = [(post.box_id, record) for record in post.side().journal]
    deeds = Deeds(promised=promised, alerts=[alert])
    demand(History((post.side(),), region.side(), deeds))
    print(f"{alert.bytes_between} B of bulk frames before the alert, {up} B on the wire meanwhile")
