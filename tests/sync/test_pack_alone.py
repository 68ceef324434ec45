"""A lone alert: fewer bytes than the same record published in clear as JSON, whatever it tells."""

from __future__ import annotations

import contextlib
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.entry import canonical_json
from sync import packing
from sync.core.session import SendFrame
from sync.frames.envelope import open_up, seal_up
from sync.frames.framing import compose, disclose
from sync.keys.keys import BoxKeys, HospitalKeys
from sync.packing import CodecError

BOX, HOSPITAL = BoxKeys.generate(), HospitalKeys.generate()
BOX_ID = "q3m7xk2a9d4fa"
OURS = len(f"cs/1/u/{BOX_ID}/a") + 12
"""What MQTT 5 adds to a frame: topic, fixed header, packet id, no properties, and the PUBACK."""
PLAIN = len("clinic/0042/alerts") + 11
"""The same for a plain publish by MQTT 3.1.1."""
_RED = [
    ("systolic", "8480-6", "mm[Hg]", ("90", "220")),
    ("temperature", "8310-5", "Cel", ("35.0", "39.1")),
    ("respiratory-rate", "9279-1", "/min", ("8", "25")),
    ("pulse", "8867-4", "/min", ("40", "131")),
    ("spo2", "59408-5", "%", ("91",)),
]
_DAYS_100_MS = 100 * 86_400_000


@st.composite
def _red_scores(draw: st.DrawFn) -> bytes:
    """Draw an alert as intake raises it, on a box that has run for a hundred days."""
    name, code, unit, bounds = draw(st.sampled_from(_RED))
    places = draw(st.integers(0, 2))
    value = draw(st.decimals(2, 299, allow_nan=False, places=places))
    body = {
        "bound": draw(st.sampled_from(bounds)),
        "level": "urgent",
        "parameter": name,
        "patient": str(draw(st.uuids(version=4))),
        "reading": str(draw(st.uuids(version=5))),
        "rule": "news2-red",
        "value": [code, str(value), unit],
    }
    t_ms = draw(st.integers(0, _DAYS_100_MS))
    wall_ms = draw(st.integers(1_795_334_400_000, 2_000_000_000_000))
    quality = draw(st.sampled_from(["ntp", "unsure", "hospital", "manual", "floor"]))
    at = [draw(st.integers(1, 8_000)), t_ms, wall_ms, quality]
    return canonical_json({"at": at, "body": body, "kind": "alert"})


@given(_red_scores(), st.integers(1, 60_000), st.integers(1, 200))
@settings(max_examples=150, deadline=None)
def test_a_lone_alert_fits_one_small_frame(record: bytes, seq: int, epoch: int) -> None:
    send = SendFrame("a", epoch, seq, 1, bytes(16), bytes(8))
    frame = seal_up(*compose("q3m7xk2a9d4fa", send, [record]), BOX, HOSPITAL.public)
    assert len(frame) == 240
    assert len(frame) + OURS < len(record) + PLAIN
    header, payload = open_up(frame, HOSPITAL, BOX.public)
    assert disclose(header, payload) == [record]


@given(_red_scores(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_lone_alert_is_refused_or_read_as_one_record(
    record: bytes, data: st.DataObject
) -> None:
    payload = bytearray(packing.pack([record]))
    assert payload[0] == 2
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(payload)))
    for damaged in (bytes(payload), bytes(payload[:cut]), bytes(payload) + b"\x00"):
        with contextlib.suppress(CodecError):
            assert len(packing.unpack(damaged)) == 1


def test_an_alert_that_says_one_uuid_twice_goes_the_usual_way() -> None:
    twice = str(UUID(int=7))
    body: dict[str, object] = {"bound": "91", "level": "urgent", "parameter": "spo2"}
    body |= {"patient": twice, "reading": twice, "rule": "news2-red"}
    body |= {"value": ["59408-5", "82", "%"]}
    at = [1, 60_000, 1_795_334_400_000, "ntp"]
    record = canonical_json({"at": at, "body": body, "kind": "alert"})
    assert packing.pack([record])[0] != 2
    assert packing.unpack(packing.pack([record])) == [record]
