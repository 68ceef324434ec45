"""A stream becomes one reading when it agreed for long enough, and one only per finger."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from devices.recording.stable_value import Agreement, Stability
from edge.model.reading import Code, Kind, Measurement, Value

SECOND = 1000


def sample(spo2: int, pulse: int, *quality: str) -> Measurement:
    return Measurement(
        Kind.OXIMETRY,
        (Value(Code.SPO2, Decimal(spo2), "%"), Value(Code.PULSE, Decimal(pulse), "/min")),
        quality=quality,
    )


def number(measured: Measurement, code: str) -> Decimal:
    return next(value.value for value in measured.values if value.code == code)


def run(samples: list[Measurement | None], every_ms: int = SECOND) -> list[tuple[int, Measurement]]:
    agreement = Agreement()
    fed = [(n, agreement.feed(n * every_ms, given)) for n, given in enumerate(samples)]
    return [(n, reading) for n, reading in fed if reading is not None]


def test_agreeing_seconds_give_one_reading_with_the_median() -> None:
    spo2 = [97, 98, 97, 99, 97, 97, 97, 97]
    ((at, reading),) = run([sample(value, 72) for value in spo2])
    assert at == 5
    assert number(reading, Code.SPO2) == 97
    assert number(reading, Code.PULSE) == 72


def test_the_stream_is_silent_until_the_finger_was_out() -> None:
    steady: list[Measurement | None] = [sample(97, 72)] * 20
    assert len(run(steady)) == 1
    assert len(run([*steady, *[None] * 2, *steady])) == 2
    assert len(run([*steady, None, *steady])) == 1, "one lost frame is no finger out"


def test_sixty_frames_a_second_agree_after_the_same_time() -> None:
    ((at, _),) = run([sample(97, 72)] * 400, every_ms=16)
    assert at * 16 >= Stability().hold_ms > (at - 1) * 16


def test_disagreement_and_silence_start_anew() -> None:
    assert run([sample(97, 72)] * 3 + [sample(90, 72)] * 3) == []
    assert run([sample(97, 72)] * 3 + [sample(97, 90)] * 3) == []
    assert run([sample(97, 72)] * 4, every_ms=3 * SECOND) == []


def test_doubts_of_any_sample_travel_with_the_reading() -> None:
    ((_, reading),) = run([sample(97, 72, "low_perfusion"), *[sample(97, 72)] * 6])
    assert reading.quality == ("low_perfusion",)


def test_a_pulse_that_comes_and_goes_is_no_agreement() -> None:
    without = Measurement(Kind.OXIMETRY, (Value(Code.SPO2, Decimal(97), "%"),))
    assert run([without, sample(97, 72)] * 10) == []
    assert len(run([without] * 10)) == 1


def test_a_cuff_beside_an_oximeter_is_a_result_of_its_own() -> None:
    cuff = Measurement(Kind.BLOOD_PRESSURE, (Value(Code.SYSTOLIC, Decimal(120), "mm[Hg]"),))
    delivered = run([sample(97, 72)] * 3 + [cuff] + [sample(97, 72)] * 6)
    assert [reading.kind for _, reading in delivered] == [Kind.BLOOD_PRESSURE, Kind.OXIMETRY]


@given(
    st.lists(st.none() | st.builds(sample, st.integers(90, 100), st.integers(60, 80)), max_size=60),
    st.sampled_from([16, 250, SECOND]),
)
def test_a_reading_is_backed_by_the_seconds_before_it(
    samples: list[Measurement | None], every_ms: int
) -> None:
    terms = Stability()
    back = -(-terms.hold_ms // every_ms)
    delivered = run(samples, every_ms)
    for at, reading in delivered:
        window = samples[at - back : at + 1]
        assert all(window), "no sample without a value"
        for code, spread in ((Code.SPO2, terms.spo2_spread), (Code.PULSE, terms.pulse_spread)):
            numbers = [number(given, code) for given in window if given]
            assert max(numbers) - min(numbers) <= spread
            assert min(numbers) <= number(reading, code) <= max(numbers)
    for (first, _), (second, _) in zip(delivered, delivered[1:], strict=False):
        assert None in samples[first:second]


@given(st.lists(st.integers(-(10**6), 10**6), max_size=30))
def test_a_clock_that_jumps_back_only_starts_anew(times: list[int]) -> None:
    agreement = Agreement()
    readings = [agreement.feed(now, sample(97, 72)) for now in times]
    assert sum(reading is not None for reading in readings) <= 1
