"""Values that belong together become one; a half that stays alone is not lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.ble.assembly import WAITING_LIMIT, Assembly, Piece
from devices.catalogue import BLE_CHARACTERISTICS
from devices.driver import Fields
from edge.model.clock import ClockQuality, Stamp

MORNING = Stamp(1, 0, 0, ClockQuality.FLOOR)

RECORD = "2A18"
CONTEXT = "2A34"
BODY = "2A9C"


def piece(uuid: str, fields: Fields, raw: bytes = b"x") -> Piece:
    return Piece(MORNING, BLE_CHARACTERISTICS[uuid], fields, raw)


def decoded(uuid: str, text: str) -> Piece:
    raw = bytes.fromhex(text)
    return Piece(MORNING, BLE_CHARACTERISTICS[uuid], BLE_CHARACTERISTICS[uuid].decode(raw), raw)


def test_a_record_and_its_context_are_one_reading_with_both_their_bytes() -> None:
    joining = Assembly()
    record = decoded(RECORD, "130100ea070b16081e00000078b011")
    assert joining.feed(record) == []
    (whole,) = joining.feed(decoded(CONTEXT, "02010002"))
    assert whole.raw == record.raw + bytes.fromhex("02010002")
    measured = whole.characteristic.measured(whole.fields)
    assert measured is not None
    assert (str(measured.values[0].value), measured.quality) == ("120", ("after_meal",))
    assert joining.flush() == []


def test_a_record_whose_context_never_comes_is_given_out_alone() -> None:
    joining = Assembly()
    record = piece(RECORD, {"seq": 1, "context_follows": True})
    joining.feed(record)
    assert joining.feed(piece(CONTEXT, {"seq": 2, "meal": 1})) == []
    assert joining.flush() == [record]


def test_two_packets_of_a_body_composition_are_one() -> None:
    joining = Assembly()
    first = decoded(BODY, "0210f500ea070b16081e00")
    second = decoded(BODY, "0014ffff983a")
    assert joining.feed(first) == []
    (whole,) = joining.feed(second)
    measured = whole.characteristic.measured(whole.fields)
    assert measured is not None
    assert [str(value.value) for value in measured.values] == ["75.0", "24.5"]
    assert measured.device_time is not None


def test_a_second_measurement_does_not_complete_the_first() -> None:
    joining = Assembly()
    first = piece(BODY, {"multi_packet": True, "weight": 1, "user": 1})
    other = piece(BODY, {"multi_packet": True, "weight": 2, "user": 1})
    assert joining.feed(first) == []
    assert joining.feed(other) == [first]
    assert joining.flush() == [other]


def test_what_stands_alone_passes() -> None:
    alone = piece(BODY, {"body_fat_pct": None})
    pressure = piece("2A35", {})
    joining = Assembly()
    assert joining.feed(alone) == [alone]
    assert joining.feed(pressure) == [pressure]


@given(
    st.lists(
        st.tuples(st.sampled_from([RECORD, CONTEXT, BODY]), st.integers(0, 60), st.booleans()),
        max_size=200,
    )
)
def test_every_record_and_packet_comes_out_once(story: list[tuple[str, int, bool]]) -> None:
    joining, out, fed = Assembly(), [], 0
    for number, (uuid, seq, more) in enumerate(story):
        fields: dict[str, object] = {"seq": seq, "context_follows": more, "multi_packet": more}
        fields["weight" if seq % 2 else "muscle_pct"] = 1
        raw = number.to_bytes(2, "big")
        fed += uuid != CONTEXT
        out += joining.feed(piece(uuid, fields, raw))
        assert len(joining._records) <= WAITING_LIMIT
    out += joining.flush()
    pieces = [whole.raw[at : at + 2] for whole in out for at in range(0, len(whole.raw), 2)]
    assert len(pieces) == len(set(pieces))
    own = [n.to_bytes(2, "big") for n, (uuid, _, _) in enumerate(story) if uuid != CONTEXT]
    assert set(own) <= set(pieces)
    assert len(own) == fed
