"""Two people edit one patient, in the archive of either engine."""

from __future__ import annotations

import itertools

import pytest
from archives import open_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.model.entry import canonical_json
from edge.model.feed_item import Entity
from edge.model.patient_fields import Tier
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import edit_history, master_index, reviews
from hospital.receiving import apply, custody
from hospital.views import chart
from sync import patient_merge
from sync.keys.keys import BoxKeys

NOW_MS = 1_795_000_000_000
CLINIC = "Thar Post 7"
ONE = Box("box-one", CLINIC, BoxKeys.generate().public, "0a", NOW_MS)
TWO = Box("box-two", CLINIC, BoxKeys.generate().public, "0b", NOW_MS)
AWAY = Box("box-far", "Hunza Post 2", BoxKeys.generate().public, "0c", NOW_MS)
_counter = itertools.count(1)


@pytest.fixture(autouse=True)
def _enrolled(archive: Archive) -> None:
    _enter(archive)


def _enter(archive: Archive) -> None:
    with archive.transaction():
        for box in (ONE, TWO, AWAY):
            boxes.enter(archive, box)


def say(archive: Archive, box: Box, t_ms: int = 1000, **body: object) -> None:
    entry = {"kind": "patient", "body": body, "at": [1, t_ms, NOW_MS + t_ms, "ntp"]}
    with archive.transaction():
        apply.keep(archive, box, (1, "c", next(_counter)), [canonical_json(entry)], NOW_MS)


def register(archive: Archive, patient: str = "p1", box: Box = ONE, **more: object) -> str:
    say(archive, box, patient=patient, rev=1, **({"name": "Zahra", "sex": "female"} | more))
    return patient


def patch(
    archive: Archive,
    box: Box,
    patient: str,
    base: int,
    rev: int = 2,
    t_ms: int = 2000,
    **told: object,
) -> None:
    say(archive, box, t_ms, patient=patient, rev=rev, base_rev=base, was={}, set=told)


def told(archive: Archive, patient: str, clinic: str = CLINIC) -> dict[str, object]:
    item = feed.get(archive, clinic, Entity.PATIENT, patient)
    return dict(item.body) if item else {}


def test_fields_that_nobody_else_touched_are_applied(archive: Archive) -> None:
    register(archive)
    patch(archive, ONE, "p1", 1, village="Mithi")
    patch(archive, TWO, "p1", 1, phone="0300")
    assert told(archive, "p1") == {
        "name": "Zahra",
        "sex": "female",
        "village": "Mithi",
        "phone": "0300",
    }
    assert reviews.inbox(archive) == []
    item = feed.get(archive, CLINIC, Entity.PATIENT, "p1")
    assert item is not None
    assert item.rev == 3


def test_two_birth_years_wait_for_a_nurse_and_both_stay_in_the_history(archive: Archive) -> None:
    register(archive)
    patch(archive, ONE, "p1", 1, birth="1948")
    patch(archive, TWO, "p1", 1, t_ms=3000, birth="1984")
    [waiting] = reviews.inbox(archive)
    assert waiting.words == "two birth years: 1948 / 1984"
    assert told(archive, "p1")["review"] == {"birth": ["1948", "1984"]}
    assert told(archive, "p1")["birth"] == "1948"
    master_index.decide(archive, waiting, "1984", "nurse", NOW_MS)
    assert reviews.inbox(archive) == []
    assert told(archive, "p1")["birth"] == "1984"
    said = [
        (t.edit.value, t.actor)
        for t in edit_history.history(archive, "p1")
        if t.edit.field == "birth"
    ]
    assert said == [("1948", None), ("1984", None), ("1984", "nurse")]


def test_a_decision_settles_only_what_was_seen(archive: Archive) -> None:
    register(archive)
    patch(archive, ONE, "p1", 1, birth="1948")
    patch(archive, TWO, "p1", 1, t_ms=3000, birth="1984")
    [waiting] = reviews.inbox(archive)
    patch(archive, AWAY, "p1", 1, birth="1950")  # refused: another clinic's
    patch(archive, TWO, "p1", 1, rev=3, birth="1958")
    master_index.decide(archive, waiting, "1948", "nurse", NOW_MS)
    [left] = reviews.inbox(archive)
    assert left.review.values == ("1948", "1958")


def test_an_allergy_is_added_by_anybody_and_struck_out_by_a_clinician(archive: Archive) -> None:
    register(archive)
    patch(archive, ONE, "p1", 1, allergies={"add": ["penicillin"]})
    patch(archive, TWO, "p1", 1, allergies={"add": ["latex"]})
    assert told(archive, "p1")["allergies"] == ["latex", "penicillin"]
    patch(archive, TWO, "p1", 3, rev=3, allergies={"remove": ["penicillin"]})
    assert told(archive, "p1")["allergies"] == ["latex", "penicillin"]
    [waiting] = reviews.inbox(archive)
    assert waiting.words == "strike out the allergy: penicillin?"
    master_index.decide(archive, waiting, None, "doctor", NOW_MS)
    assert told(archive, "p1")["allergies"] == ["latex"]
    assert reviews.inbox(archive) == []


def test_a_dose_waits_for_a_clinician(archive: Archive) -> None:
    register(archive)
    master_index.correct(archive, "p1", {"medicines": "metformin 500 mg"}, "doctor", NOW_MS)
    patch(archive, ONE, "p1", 2, medicines="metformin 850 mg")
    assert told(archive, "p1")["medicines"] == "metformin 500 mg"
    [waiting] = reviews.inbox(archive)
    master_index.decide(archive, waiting, "metformin 850 mg", "doctor", NOW_MS)
    assert told(archive, "p1")["medicines"] == "metformin 850 mg"


def test_a_repeated_record_counts_once(archive: Archive) -> None:
    register(archive)
    for _ in range(2):
        patch(archive, ONE, "p1", 1, village="Mithi")
    assert len(edit_history.history(archive, "p1")) == 3


def test_a_merge_is_a_link_and_can_be_undone(archive: Archive) -> None:
    register(archive)
    register(archive, "p2", TWO, name="Zara")
    before = told(archive, "p2")
    master_index.link(archive, "p2", "p1", "nurse", NOW_MS)
    assert told(archive, "p2") == before | {"replaced_by": "p1"}
    with pytest.raises(HospitalError):
        master_index.link(archive, "p1", "p2", "nurse", NOW_MS)
    master_index.unlink(archive, "p2", "nurse", NOW_MS)
    assert told(archive, "p2") == before
    with pytest.raises(HospitalError):
        master_index.unlink(archive, "p2", "nurse", NOW_MS)
    patient = chart.patient(archive, "p2")
    assert patient is not None


def test_a_link_needs_two_records_that_are_here_and_free(archive: Archive) -> None:
    for name in ("p1", "p2", "p3"):
        register(archive, name)
    for duplicate, kept in (("p1", "nobody"), ("nobody", "p1"), ("p1", "p1")):
        with pytest.raises(HospitalError):
            master_index.link(archive, duplicate, kept, "nurse", NOW_MS)
    master_index.link(archive, "p2", "p1", "nurse", NOW_MS)
    for duplicate, kept in (("p2", "p3"), ("p3", "p2"), ("p1", "p3"), ("p2", "p1")):
        with pytest.raises(HospitalError):
            master_index.link(archive, duplicate, kept, "nurse", NOW_MS)
    assert master_index.duplicates(archive, "p1") == ["p2"]
    assert [master_index.replacing(archive, p) for p in ("p1", "p2", "p3")] == [None, "p1", None]
    assert told(archive, "p2")["replaced_by"] == "p1"
    assert "replaced_by" not in told(archive, "p1")
    master_index.link(archive, "p3", "p1", "nurse", NOW_MS)
    assert master_index.duplicates(archive, "p1") == ["p2", "p3"]
    master_index.unlink(archive, "p2", "nurse", NOW_MS)
    assert master_index.duplicates(archive, "p1") == ["p3"]
    assert "replaced_by" not in told(archive, "p2")
    with pytest.raises(HospitalError):
        master_index.unlink(archive, "p2", "nurse", NOW_MS)


def test_who_is_not_here_cannot_be_edited_or_shared(archive: Archive) -> None:
    with pytest.raises(HospitalError, match="no patient nobody"):
        master_index.correct(archive, "nobody", {"name": "X"}, "nurse", NOW_MS)
    with pytest.raises(HospitalError, match="no patient nobody"):
        master_index.share(archive, "nobody", AWAY.clinic, NOW_MS)
    assert feed.get(archive, AWAY.clinic, Entity.PATIENT, "nobody") is None


def test_sharing_and_withdrawing_tell_whether_something_changed(archive: Archive) -> None:
    register(archive)
    register(archive, "p2")
    assert not master_index.withdraw(archive, "p1", AWAY.clinic)
    assert master_index.share(archive, "p1", AWAY.clinic, NOW_MS)
    assert not master_index.share(archive, "p1", AWAY.clinic, NOW_MS)
    assert master_index.share(archive, "p1", "Third", NOW_MS)
    assert master_index.share(archive, "p2", AWAY.clinic, NOW_MS)
    assert master_index.clinics(archive, "p1") == sorted([CLINIC, AWAY.clinic, "Third"])
    assert master_index.withdraw(archive, "p1", AWAY.clinic)
    assert not master_index.withdraw(archive, "p1", AWAY.clinic)
    assert master_index.clinics(archive, "p1") == sorted([CLINIC, "Third"])
    assert master_index.clinics(archive, "p2") == sorted([CLINIC, AWAY.clinic])
    assert told(archive, "p1", AWAY.clinic) == {}
    assert told(archive, "p2", AWAY.clinic)["name"] == "Zahra"


def test_a_shared_patient_is_in_both_feeds_until_withdrawn(archive: Archive) -> None:
    register(archive)
    master_index.share(archive, "p1", AWAY.clinic, NOW_MS)
    patch(archive, AWAY, "p1", 2, phone="0311")
    assert told(archive, "p1") == told(archive, "p1", AWAY.clinic)
    assert told(archive, "p1")["phone"] == "0311"
    master_index.withdraw(archive, "p1", AWAY.clinic)
    assert told(archive, "p1", AWAY.clinic) == {}
    patch(archive, AWAY, "p1", 2, rev=3, phone="0399")
    assert told(archive, "p1")["phone"] == "0311"


def test_a_revision_from_before_a_restore_covers_nothing_that_came_after(archive: Archive) -> None:
    register(archive)
    custody.new_generation(archive)
    patch(archive, ONE, "p1", 1, birth="1948")
    patch(archive, TWO, "p1", 9, t_ms=3000, birth="1984")  # it had seen revision 9, which is lost
    assert [w.words for w in reviews.inbox(archive)] == ["two birth years: 1948 / 1984"]


@pytest.fixture(scope="module")
def lone(tmp_path_factory: pytest.TempPathFactory):
    opened = open_at(str(tmp_path_factory.mktemp("lone") / "archive.db"))
    _enter(opened)
    yield opened
    opened.close()


FIELDS = {"name": ["Zahra", "Zara B."], "birth": ["1948", "1984", None], "phone": ["1", "2", "3"]}
one_patch = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()}
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(one_patch, max_size=3),
    st.lists(one_patch, max_size=3),
    st.randoms(use_true_random=False),
)
def test_order_of_arrival_does_not_matter(lone, first, second, random) -> None:
    turns = [ONE] * len(first) + [TWO] * len(second)
    outcomes = []
    for _ in range(2):
        patient = register(lone, f"p{next(_counter)}")
        queues = {ONE.id: list(enumerate(first, 2)), TWO.id: list(enumerate(second, 2))}
        for box in turns:
            rev, body = queues[box.id].pop(0)
            patch(lone, box, patient, 1, rev, 2000 + 10 * rev + (box is TWO), **body)
        said = {
            (t.edit.author, t.edit.order, t.edit.value) for t in edit_history.history(lone, patient)
        }
        waiting = [w.review for w in reviews.about(lone, patient)]
        outcomes.append((told(lone, patient), said, waiting))
        random.shuffle(turns)
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][1]) >= 2 + (1 if any(first) or any(second) else 0)


def test_only_what_a_clinic_proposes_where_nothing_holds_can_be_refused() -> None:
    for field, rule in patient_merge.rules().items():
        review = patient_merge.Review(field, patient_merge.Op.SET, ("a", "b"))
        for held in (None, "a"):
            waiting = reviews.WaitingReview("p1", CLINIC, review, NOW_MS, "Zahra", 1, held)
            blocked = rule.tier is Tier.BLOCK
            assert waiting.is_refusable is (blocked and held is None)
