"""The link on a real broker: TLS, client certificates, topic rules, and every way to end."""

from __future__ import annotations

import gc
import random
import socket
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broker import Broker, free_port, running
from eventually import eventually
from hypothesis import given
from hypothesis import strategies as st

from sync.link.link import MAX_HELD, Client, Link
from sync.link.transport import (
    Address,
    Backoff,
    Down,
    Event,
    Limits,
    LinkError,
    Message,
    PublishAcked,
    PublishFailed,
    Up,
    Why,
    Will,
    next_try,
)

pytestmark = pytest.mark.system

OpenLink = Callable[..., Link]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def links() -> Iterator[list[Link]]:
    made: list[Link] = []
    yield made
    for link in made:
        link.close()


def hospital(broker: Broker, links: list[Link], *topics: str, manual_ack: bool = False) -> Link:
    link = Link(broker.address, broker.worker(), "hospital", topics, manual_ack=manual_ack)
    return _opened(link, links)


def box(broker: Broker, links: list[Link], name: str = "box1", **options: object) -> Link:
    topics = (f"cs/1/d/{name}/#",)
    link = Link(broker.address, broker.box(name), name, topics, **options)  # type: ignore[arg-type]
    return _opened(link, links)


def await_event(link: Link, kind: type[Event], within_s: float = 10) -> Event:
    def ask() -> Event | None:
        event = link.take(0.1)
        return event if isinstance(event, kind) else None

    return eventually(ask, within_s=within_s, every_s=0)  # type: ignore[return-value]


def test_a_message_travels_both_ways(broker: Broker, links: list[Link]) -> None:
    worker, station = hospital(broker, links, "cs/1/u/+/+"), box(broker, links)
    ticket = station.publish("cs/1/u/box1/c", b"frame")
    assert await_event(station, PublishAcked) == PublishAcked(ticket)
    came = await_event(worker, Message)
    assert isinstance(came, Message)
    assert (came.topic, came.payload) == ("cs/1/u/box1/c", b"frame")
    worker.publish("cs/1/d/box1/r", b"receipt")
    back = await_event(station, Message)
    assert isinstance(back, Message)
    assert back.payload == b"receipt"


def test_the_window_never_exceeds_ours_and_the_brokers(broker: Broker, links: list[Link]) -> None:
    station = Link(broker.address, broker.box("box1"), "box1", limits=Limits(window=7))
    links.append(station)
    station.open()
    assert await_event(station, Up) == Up(7)
    wide = Link(broker.address, broker.box("box2"), "box2", limits=Limits(window=500))
    links.append(wide)
    wide.open()
    assert await_event(wide, Up) == Up(20)


def test_more_than_a_window_arrives_in_order(broker: Broker, links: list[Link]) -> None:
    worker = hospital(broker, links, "cs/1/u/+/c")
    station = box(broker, links, limits=Limits(window=2))
    for number in range(MAX_HELD):
        station.publish("cs/1/u/box1/c", str(number).encode())
    got: list[int] = []

    def all_there() -> bool:
        station.take(0)
        event = worker.take(0.01)
        if isinstance(event, Message):
            got.append(int(event.payload))
        return len(got) == MAX_HELD

    eventually(all_there, every_s=0)
    assert got == list(range(MAX_HELD))


def test_a_broker_tells_when_nobody_listens(broker: Broker, links: list[Link]) -> None:
    station = box(broker, links)
    ticket = station.publish("cs/1/u/box1/c", b"hello?")
    assert await_event(station, PublishAcked) == PublishAcked(ticket, has_subscriber=False)


def test_a_flood_is_refused_instead_of_queued_without_end(
    broker: Broker, links: list[Link]
) -> None:
    station = box(broker, links, limits=Limits(window=1))
    for _ in range(MAX_HELD + 1):
        station.publish("cs/1/u/box1/c", b"x")
    with pytest.raises(LinkError, match="wait"):
        station.publish("cs/1/u/box1/c", b"x")


def test_a_foreign_topic_is_refused_and_the_session_lives(
    broker: Broker, links: list[Link]
) -> None:
    station = box(broker, links)
    ticket = station.publish("cs/1/u/box2/c", b"not mine")
    failed = await_event(station, PublishFailed)
    assert isinstance(failed, PublishFailed)
    assert failed.ticket == ticket
    assert "authorized" in failed.reason.lower()
    station.publish("cs/1/u/box1/c", b"mine")
    assert isinstance(await_event(station, PublishAcked), PublishAcked)


def test_another_boxs_mail_is_never_seen(broker: Broker, links: list[Link]) -> None:
    worker = hospital(broker, links)
    spy = Link(broker.address, broker.box("box2"), "box1", ("cs/1/d/box1/#", "cs/1/d/box2/#"))
    _opened(spy, links)
    rightful = box(broker, links)  # the spy's stolen client id does not throw it out
    worker.publish("cs/1/d/box1/r", b"for box1")
    worker.publish("cs/1/d/box2/r", b"for box2")
    first = await_event(spy, Message)
    assert isinstance(first, Message)
    assert first.payload == b"for box2"
    assert isinstance(await_event(rightful, Message), Message)


def test_a_message_not_acknowledged_is_not_forgotten_twice(
    broker: Broker, links: list[Link]
) -> None:
    worker = hospital(broker, links, "cs/1/u/+/c", manual_ack=True)
    station = box(broker, links)
    station.publish("cs/1/u/box1/c", b"one")
    message = await_event(worker, Message)
    assert isinstance(message, Message)
    worker.ack(message)
    worker.open()
    await_event(worker, Up)
    worker.ack(message)  # of an earlier session: left alone
    station.publish("cs/1/u/box1/c", b"two")
    second = await_event(worker, Message)
    assert isinstance(second, Message)
    assert second.payload == b"two"


def test_acknowledging_a_will_or_telemetry_does_not_end_the_session(
    broker: Broker, links: list[Link]
) -> None:
    worker = hospital(broker, links, "cs/1/u/+/+", manual_ack=True)
    station = box(broker, links)
    station.publish("cs/1/u/box1/t", b"", qos=0)
    will = await_event(worker, Message)
    assert isinstance(will, Message)
    worker.ack(will)
    station.publish("cs/1/u/box1/c", b"frame")
    came = await_event(worker, Message)
    assert isinstance(came, Message)
    assert (came.payload, worker.up) == (b"frame", True)


def test_a_new_session_brings_nothing_of_the_old(broker: Broker, links: list[Link]) -> None:
    worker = hospital(broker, links, "cs/1/u/+/c")
    station = box(broker, links, limits=Limits(window=1))
    for number in range(20):
        station.publish("cs/1/u/box1/c", f"old {number}".encode())
    station.open()
    await_event(station, Up)
    station.publish("cs/1/u/box1/c", b"new")
    got: list[bytes] = []

    def new_there() -> bool:
        event = worker.take(0.05)
        if isinstance(event, Message):
            got.append(event.payload)
        return b"new" in got

    eventually(new_there, every_s=0)
    assert len(got) <= 2  # the one that was on the way, and the new one


def test_a_killed_broker_is_noticed_and_found_again(tmp_path: Path, links: list[Link]) -> None:
    with running(tmp_path / "broker") as own:
        station = box(own, links)
        own.kill()
        down = await_event(station, Down)
        assert isinstance(down, Down)
        assert down.why is Why.LOST
        assert not station.up
        with pytest.raises(LinkError):
            station.publish("cs/1/u/box1/c", b"x")
        station.open()
        refused = await_event(station, Down)
        assert isinstance(refused, Down)
        assert refused.why is Why.UNREACHABLE
        own.start()
        station.open()
        assert isinstance(await_event(station, Up), Up)


def test_a_silent_broker_is_given_up(links: list[Link], tmp_path: Path, broker: Broker) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = Address("127.0.0.1", deaf.getsockname()[1])
        link = Link(address, broker.box("box1"), "box1", limits=Limits(connect_s=0.5))
        links.append(link)
        link.open()
        down = await_event(link, Down)
    assert isinstance(down, Down)
    assert down.why is Why.UNREACHABLE


def test_a_broker_of_another_authority_is_refused(
    broker: Broker, links: list[Link], tmp_path: Path
) -> None:
    with running(tmp_path / "other") as other:
        mine = broker.box("box1")
        link = Link(other.address, mine, "box1")
        links.append(link)
        link.open()
        down = await_event(link, Down)
    assert isinstance(down, Down)
    assert down.why is Why.REFUSED
    assert "not ours" in down.detail


def test_a_broker_under_another_name_is_refused(links: list[Link], tmp_path: Path) -> None:
    with running(tmp_path / "other", names=("elsewhere.example",)) as other:
        link = Link(other.address, other.box("box1"), "box1")
        links.append(link)
        link.open()
        down = await_event(link, Down)
    assert isinstance(down, Down)
    assert down.why is Why.REFUSED


def test_a_revoked_box_is_told_so(links: list[Link], tmp_path: Path) -> None:
    with running(tmp_path / "broker") as own:
        tls = own.box("box1")
        own.revoke(tls)
        own.restart()
        link = Link(own.address, tls, "box1", ("cs/1/d/box1/#",))
        links.append(link)
        link.open()
        down = await_event(link, Down)
    assert isinstance(down, Down)
    assert (down.why, "revoked" in down.detail.lower()) == (Why.REFUSED, True)


def test_missing_keys_are_a_refusal_in_words(links: list[Link], broker: Broker) -> None:
    tls = broker.box("box9")
    tls.key.unlink()
    link = Link(broker.address, tls, "box9")
    links.append(link)
    link.open()
    down = await_event(link, Down)
    assert isinstance(down, Down)
    assert (down.why, "cannot be read" in down.detail) == (Why.REFUSED, True)


def test_nobody_listens(links: list[Link], broker: Broker) -> None:
    link = Link(Address("127.0.0.1", free_port()), broker.box("box1"), "box1")
    links.append(link)
    link.open()
    down = await_event(link, Down)
    assert isinstance(down, Down)
    assert down.why is Why.UNREACHABLE


def test_the_will_speaks_only_for_the_dead(tmp_path: Path, links: list[Link]) -> None:
    with running(tmp_path / "broker") as own:
        worker = hospital(own, links, "cs/1/u/+/t")
        polite = box(own, links, "box1", will=Will("cs/1/u/box1/t", b"gone"))
        rival = box(own, links, "box2", will=Will("cs/1/u/box2/t", b"gone"))
        polite.close()
        same_name = box(own, links, "box2")  # the broker ends the older session
        came = await_event(worker, Message)
        assert isinstance(came, Message)
        assert came.topic == "cs/1/u/box2/t"
        assert isinstance(await_event(rival, Down), Down)
        assert same_name.up


def test_a_session_that_is_over_leaves_nothing_to_the_garbage_collector(
    broker: Broker, links: list[Link]
) -> None:
    gc.collect()
    gc.disable()
    try:
        others = _clients()
        link = box(broker, links)
        [client] = [weakref.ref(one) for one in _clients() if one not in others]
        link.close()
        eventually(lambda: client() is None)
    finally:
        gc.enable()


def _clients() -> list[Client]:
    return [one for one in gc.get_objects() if isinstance(one, Client)]


def test_waking_ends_a_wait(broker: Broker, links: list[Link]) -> None:
    link = Link(broker.address, broker.box("box1"), "box1")
    link.wake()
    assert link.take(30) is None


@given(st.integers(0, 10_000), st.integers())
def test_tries_spread_out_within_their_bounds(attempts: int, seed: int) -> None:
    backoff = Backoff(1, 900)
    pause = next_try(attempts, random.Random(seed), backoff)
    assert 1 <= pause <= 900
    assert pause <= 2**attempts or attempts == 0


def test_tries_grow_until_the_cap() -> None:
    rng = random.Random(1)
    early = [next_try(1, rng) for _ in range(100)]
    late = [next_try(20, rng) for _ in range(100)]
    assert max(early) <= 2
    assert sum(late) / len(late) > 300


def _opened(link: Link, links: list[Link]) -> Link:
    links.append(link)
    link.open()
    await_event(link, Up)
    return link
