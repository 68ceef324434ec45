"""Whatever a device says, a session never erases, sets or inflates unasked, and never fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS
from devices.catalogue.serial_protocols import SERIAL_ROWS, session_for
from devices.driver import Event, Session, Turn
from devices.protocols import cms50_v7, onetouch_ultraeasy, suntech_nibp, taidoc_51
from edge.equipment import device_requests
from edge.model.reading import Measured

CONVERSING = sorted(row.name for row in SERIAL_ROWS if row.session or row.analyser)
CUFFS = [row.name for row in SERIAL_ROWS if row.requests]

TAIDOC_SETS = (0x33, 0x52)
CMS50_ERASES = 0xAE
ULTRAEASY_ERASES = b"\x05\x1a"
ULTRAEASY_SETS = b"\x05\x20\x01"
WRITE_LIMIT = 64
"""More than any session ever has to say at once."""

LONGEST_SILENCE_MS = 200_000


def harmful(protocol: str, data: bytes) -> bool:
    """Whether bytes to a device of this protocol erase or set something."""
    if protocol == "onetouch_ultra2":
        return any(word in data for word in (b"DMZ", b"DMT", b"DMSU\r"))
    if protocol == "sd_codefree":
        return b"ADATE" in data
    if protocol == "onetouch_ultraeasy":
        return ULTRAEASY_ERASES in data or ULTRAEASY_SETS in data
    if protocol == "taidoc_51":
        frames = [data[at : at + 8] for at in range(0, len(data), 8)]
        return any(frame[1] in TAIDOC_SETS for frame in frames)
    if protocol == "cms50_v7":
        heads = [data[at : at + 9] for at in range(0, len(data), 9)]
        return any(head[2] == CMS50_ERASES for head in heads)
    return False


def starts(protocol: str) -> set[bytes]:
    """The bytes that inflate a cuff."""
    begun = set()
    for request in device_requests.KINDS:
        session = session_for(protocol)
        assert session is not None
        session.start(0)
        if request != "stop":
            begun.add(session.ask(request, 10_000).write)
    return begun - {b""}


def play(protocol: str, said: list[bytes | int], session: Session) -> Iterator[Turn]:
    """Feed bytes and silences in milliseconds; yield every turn."""
    decoder = SERIAL_PROTOCOLS[protocol].decoder()
    now_ms = 1000
    yield session.start(now_ms)
    for one in said:
        if isinstance(one, int):
            now_ms += one
        else:
            for event in decoder.feed(one):
                yield session.on_event(event, now_ms)
        due = session.next_timeout
        if due is not None and due <= now_ms:
            yield session.on_timeout(now_ms)
    yield Turn(write=session.stop())


def answers(protocol: str) -> st.SearchStrategy[bytes]:
    """Noise, and frames that the device of this protocol could send."""
    payload = st.binary(min_size=4, max_size=4)
    known: dict[str, st.SearchStrategy[bytes]] = {
        "taidoc_51": st.builds(taidoc_frame, st.integers(0, 255), payload),
        "onetouch_ultraeasy": st.builds(
            onetouch_ultraeasy.packet,
            st.one_of(
                st.binary(max_size=12),
                st.builds(lambda n: b"\x05\x0f" + n.to_bytes(2, "little"), st.integers(0, 65_535)),
                st.builds(lambda body: b"\x05\x06" + body, st.binary(min_size=8, max_size=8)),
            ),
            st.integers(0, 15),
        ),
        "suntech_nibp": st.builds(suntech_packet, st.binary(min_size=1, max_size=21)),
        "cms50_v7": st.builds(
            lambda kind, data: bytes((kind, 0x80, *(byte | 0x80 for byte in data))),
            st.sampled_from([1, 2, 0x0F, 9, 0x0D]),
            st.binary(min_size=7, max_size=7),
        ),
    }
    return st.one_of(st.binary(max_size=40), known.get(protocol, st.nothing()))


def taidoc_frame(command: int, payload: bytes) -> bytes:
    body = bytes((0x51, command)) + payload + b"\xa5"
    return body + bytes((sum(body) & 0xFF,))


def suntech_packet(content: bytes) -> bytes:
    body = bytes((0x3E, len(content) + 3)) + content
    return body + bytes((-sum(body) & 0xFF,))


def conversations(protocol: str) -> st.SearchStrategy[list[bytes | int]]:
    """What may come, and how long it may be silent."""
    return st.lists(st.one_of(answers(protocol), st.integers(0, LONGEST_SILENCE_MS)), max_size=60)


@pytest.mark.parametrize("protocol", CONVERSING)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_unasked_nothing_harmful_is_ever_written(protocol: str, data: st.DataObject) -> None:
    session = session_for(protocol)
    assert session is not None
    forbidden = starts(protocol)
    for turn in play(protocol, data.draw(conversations(protocol)), session):
        assert not harmful(protocol, turn.write)
        assert not any(start in turn.write for start in forbidden)
        assert len(turn.write) <= WRITE_LIMIT
        assert len(turn.measured) <= 1000


@pytest.mark.parametrize("protocol", CUFFS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_cuff_is_started_once_for_one_request(protocol: str, data: st.DataObject) -> None:
    """And however the conversation goes on, it ends within the limit with the cuff let go."""
    session = session_for(protocol)
    assert session is not None
    session.start(0)
    begun = session.ask("start-adult", 1000)
    assert begun.write in starts(protocol)
    again = session.ask("start-adult", 1001)
    assert again.write == b""
    decoder = SERIAL_PROTOCOLS[protocol].decoder()
    now_ms, abort = 1000, session.stop
    for one in data.draw(st.lists(answers(protocol), max_size=30)):
        now_ms += 300
        for event in decoder.feed(one):
            assert begun.write not in session.on_event(event, now_ms).write
        session.on_timeout(now_ms)
    assert abort() == session_for(protocol).start(0).write  # type: ignore[union-attr]


@pytest.mark.parametrize("protocol", CUFFS)
def test_a_module_that_falls_silent_is_told_to_deflate(protocol: str) -> None:
    session = session_for(protocol)
    assert session is not None
    abort = session.start(0).write
    session.ask("start-adult", 1000)
    written, failed, now_ms = b"", "", 1000
    while not failed and now_ms < 60_000:
        now_ms += 250
        turn = session.on_timeout(now_ms)
        written, failed = turn.write, turn.failed
    assert written == abort
    assert failed == "silent"


def cuff_event(protocol: str, mmhg: int) -> Event:
    return Event("cuff", {"pressure": mmhg})


@pytest.mark.parametrize("protocol", CUFFS)
def test_the_result_of_the_patient_before_is_not_taken(protocol: str) -> None:
    """Only after the pressure of this cuff rose may a result be this patient's."""
    session = session_for(protocol)
    assert session is not None
    session.start(0)
    old = Event("reading", {"sys": 190, "dia": 110, "map": 137, "pulse": 99})
    assert session.on_event(old, 500).measured == ()
    session.ask("start-adult", 1000)
    for at in range(1100, 6000, 500):
        assert session.on_event(old, at).measured == ()
        session.on_event(cuff_event(protocol, 5), at)
        session.on_timeout(at)


def test_a_memory_without_time_is_told_once_with_its_doubts() -> None:
    session = session_for("cms50_v7")
    assert session is not None
    session.start(0)
    session.on_event(Event("model", {"text": "CMS50E"}), 100)
    off = {"spo2": None, "pulse": None, "probe_error": True, "searching": True}
    found: list[Measured] = []
    now_ms = 100
    for _ in range(200):
        now_ms += 500
        session.on_event(Event("reading", off), now_ms)
        turn = session.on_timeout(now_ms)
        if cms50_v7.command(cms50_v7.STORED_START) in turn.write:
            for _ in range(10):
                session.on_event(
                    Event("stored", {"samples": ((97, 70), (96, 72), (None, None))}), now_ms
                )
        found += turn.measured
    (segment,) = found
    assert segment.stored
    assert segment.device_time is None
    assert "unchecked" in segment.quality
    assert segment.record is not None
    assert segment.record.startswith("segment 0, 30 samples")
    assert [str(value.value) for value in segment.values] == ["96", "70"]


def test_builders_offer_nothing_that_erases() -> None:
    for code in TAIDOC_SETS:
        with pytest.raises(ValueError, match="no command"):
            taidoc_51.command(code)
    with pytest.raises(ValueError, match="no command"):
        cms50_v7.command(CMS50_ERASES)
    assert set(suntech_nibp.START) == {"adult", "pediatric", "neonate"}
