"""Two people edit one patient: order does not matter, nothing vanishes, people decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edge.model.patient_fields import PATIENT_FIELDS, SUMMARY_FIELDS, Tier
from sync.patient_merge import (
    Edit,
    MergedField,
    Op,
    Review,
    Rule,
    covers,
    rules,
    settle,
    words,
)

VALUES = {
    Tier.IDENTITY: ["1948", "1984", "1948-06", "1984-01-02", "unknown", None],
    Tier.CONTACT: ["Mithi", "Kot", "Hunza", None],
    Tier.UNION: ["penicillin", "latex", "nuts"],
    Tier.BLOCK: ["metformin 500 mg", "metformin 850 mg", None],
}
BASE = 1


def edit(field: str, value: str | None, author: str = "a", **more: object) -> Edit:
    first = Edit(f"{author}1", field, Op.SET, value, author, 1, 0, 1, 1000)
    return replace(first, **more)  # type: ignore[arg-type]


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, list[list[Edit]]]:
    """A field, and what several authors who do not hear of one another say about it."""
    rule = rules()[draw(st.sampled_from(sorted(rules())))]
    ops = [Op.ADD, Op.REMOVE] if rule.tier is Tier.UNION else [Op.SET]
    told: list[list[Edit]] = []
    for author in ("a", "b", "c"):
        n = draw(st.integers(0, 4))
        told.append(
            [
                Edit(
                    f"{author}{order}",
                    rule.field,
                    draw(st.sampled_from(ops)),
                    draw(st.sampled_from(VALUES[rule.tier])),
                    author,
                    order,
                    BASE,
                    0,
                    draw(st.integers(0, 5)),
                    clinician=author == "c",
                )
                for order in range(1, n + 1)
            ]
        )
    return rule.field, told


def arrive(
    field: str, order: Sequence[int], told: list[list[Edit]]
) -> tuple[MergedField, set[object]]:
    """Let the next edit of each named author arrive; the hospital numbers them as they come."""
    queues = [list(edits) for edits in told]
    held: list[Edit] = []
    for rev, author in enumerate(order, start=BASE + 1):
        held.append(replace(queues[author].pop(0), rev=rev))
    return settle(rules()[field], held), {(e.author, e.order, e.value) for e in held}


@given(stories(), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter_and_no_value_vanishes(story, random) -> None:
    field, told = story
    order = [author for author, edits in enumerate(told) for _ in edits]
    first, history = arrive(field, order, told)
    random.shuffle(order)
    again, also = arrive(field, order, told)
    assert first == again
    assert history == also == {(e.author, e.order, e.value) for es in told for e in es}


@given(stories())
def test_what_nobody_disputes_needs_no_person(story) -> None:
    field, told = story
    rule = rules()[field]
    [alone, *_] = told
    settled, _ = arrive(field, [0] * len(alone), told)
    if rule.tier in (Tier.IDENTITY, Tier.CONTACT):
        assert settled.reviews == ()
    if alone and rule.tier is Tier.CONTACT:
        assert settled.value == alone[-1].value


@given(stories())
def test_every_standing_identity_is_shown_or_put_to_a_person(story) -> None:
    field, told = story
    rule = rules()[field]
    order = [author for author, edits in enumerate(told) for _ in edits]
    settled, _ = arrive(field, order, told)
    if rule.tier is not Tier.IDENTITY:
        return
    last = {edits[-1].value for edits in told if edits} - {None, "unknown"}
    shown = {settled.value, *(v for r in settled.reviews for v in r.values)}
    for value in last:
        assert any(v == value or (v or "").startswith(value or "?") for v in shown)


@given(stories())
def test_without_a_clinician_nothing_is_struck_out_and_no_dose_changes(story) -> None:
    field, told = story
    rule = rules()[field]
    lay = [*told[:2], []]
    order = [author for author, edits in enumerate(lay) for _ in edits]
    settled, _ = arrive(field, order, lay)
    if rule.tier is Tier.UNION:
        added = {e.value for edits in lay for e in edits if e.op is Op.ADD}
        assert set(settled.value or ()) == added
    if rule.tier is Tier.BLOCK:
        assert settled.value is None


def test_every_field_of_a_patient_has_a_rule() -> None:
    assert list(rules()) == [field.name for field in (*PATIENT_FIELDS, *SUMMARY_FIELDS)]


def test_two_birth_years_are_put_to_a_nurse_and_settled_by_her() -> None:
    rule = rules()["birth"]
    one = edit("birth", "1948", "a", base_rev=1, rev=2, order=2)
    two = edit("birth", "1984", "b", base_rev=1, rev=3, at_ms=2000)
    settled = settle(rule, [two, one])
    assert settled == MergedField("1948", (Review("birth", Op.SET, ("1948", "1984")),))
    assert words(settled.reviews[0]) == "two birth years: 1948 / 1984"
    nurse = edit("birth", "1984", "desk", base_rev=3, rev=4, clinician=True)
    assert settle(rule, [nurse, one, two]) == MergedField("1984")
    late = edit("birth", "1950", "c", base_rev=1, rev=5, at_ms=9)
    assert settle(rule, [nurse, late, one, two]).reviews[0].values == ("1984", "1950")


def test_a_finer_date_is_no_dispute_and_two_days_of_one_year_are() -> None:
    rule = rules()["birth"]
    year, day = edit("birth", "1948", "a"), edit("birth", "1948-06-02", "b", base_rev=0)
    assert settle(rule, [year, replace(day, rev=2)]) == MergedField("1948-06-02")
    other = edit("birth", "1948-07", "c", rev=3)
    [review] = settle(rule, [replace(day, rev=2), other]).reviews
    assert words(review) == "two birth dates: 1948-06-02 / 1948-07"


def test_an_allergy_is_struck_out_by_a_clinician_alone() -> None:
    rule = rules()["allergies"]
    added = edit("allergies", "penicillin", op=Op.ADD)
    asked = edit("allergies", "penicillin", "b", op=Op.REMOVE, base_rev=1, rev=2)
    settled = settle(rule, [added, asked])
    assert settled.value == ("penicillin",)
    assert words(settled.reviews[0]) == "strike out the allergy: penicillin?"
    struck = edit("allergies", "penicillin", "d", op=Op.REMOVE, base_rev=2, rev=3, clinician=True)
    assert settle(rule, [added, asked, struck]) == MergedField(())
    kept = edit("allergies", "penicillin", "d", op=Op.ADD, base_rev=2, rev=3, clinician=True)
    assert settle(rule, [added, asked, kept]) == MergedField(("penicillin",))


def test_a_dose_is_only_proposed() -> None:
    rule = rules()["medicines"]
    ordered = edit("medicines", "metformin 500 mg", "d", clinician=True)
    proposed = edit("medicines", "metformin 850 mg", "a", base_rev=1, rev=2)
    settled = settle(rule, [ordered, proposed])
    assert settled.value == "metformin 500 mg"
    assert words(settled.reviews[0]) == (
        "change of medicine and dose: metformin 500 mg / metformin 850 mg"
    )


def test_contact_follows_the_later_corrected_time_unless_one_knew_the_other() -> None:
    rule = rules()["phone"]
    early = edit("phone", "0300", "a", base_rev=0, at_ms=10)
    late = edit("phone", "0311", "b", base_rev=0, rev=2, at_ms=20)
    assert settle(rule, [late, early]).value == "0311"
    knew = edit("phone", "0322", "c", base_rev=2, rev=3, at_ms=5)  # its clock was behind
    assert settle(rule, [knew, late, early]).value == "0322"


@st.composite
def any_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """Edits of one field as boxes may send them, sound or not: an id has one author and place."""
    rule = rules()[draw(st.sampled_from(sorted(rules())))]
    ops = [Op.ADD, Op.REMOVE] if rule.tier is Tier.UNION else [Op.SET]
    small = st.integers(0, 4)
    return rule.field, [
        Edit(
            f"{author}{order}",
            rule.field,
            draw(st.sampled_from(ops)),
            draw(st.sampled_from(VALUES[rule.tier])),
            author,
            order,
            draw(small),
            draw(small),
            draw(small),
            clinician=draw(st.booleans()),
        )
        for author, order in draw(st.lists(st.tuples(st.sampled_from("abc"), small), max_size=12))
    ]


def plainly(rule: Rule, edits: list[Edit]) -> tuple[set[str | None], set[str | None]]:
    """The values that nobody knew of and changed, and the members asked to go, edit by edit."""
    heads = {e.value for e in edits if not any(covers(other, e) for other in edits)}
    members = {
        a.value
        for a in edits
        if a.op is Op.ADD
        and not any(
            s.op is Op.REMOVE and s.clinician and s.value == a.value and covers(s, a) for s in edits
        )
    }
    asked = {
        r.value
        for r in edits
        if r.op is Op.REMOVE
        and not r.clinician
        and r.value in members
        and not any(
            e.value == r.value and covers(e, r) and (e.clinician or e.op is Op.ADD) for e in edits
        )
    }
    return (members, asked) if rule.tier is Tier.UNION else (heads, set())


@given(any_edits())
def test_many_edits_merge_as_each_pair_of_them_says(told: tuple[str, list[Edit]]) -> None:
    field, edits = told
    rule = rules()[field]
    merged = settle(rule, edits)
    values, asked = plainly(rule, edits)
    if rule.tier is Tier.UNION:
        assert set(merged.value or ()) == values
        assert {r.values[0] for r in merged.reviews} == asked
    elif rule.tier is Tier.CONTACT:
        assert merged.value in values or not values
    elif rule.tier is Tier.IDENTITY and merged.value is not None:
        assert merged.value in values


ESTIMATES = ["40 a 2026-11-30", "44 a 2026-11-20", "6 mo 2026-11-30", None]


@given(
    st.lists(
        st.builds(
            lambda n, value, author, base: edit(
                "age", value, author, id=f"{author}{n}", order=n, rev=n, base_rev=base, at_ms=n
            ),
            st.integers(1, 6),
            st.sampled_from(ESTIMATES),
            st.sampled_from("abc"),
            st.integers(0, 6),
        ),
        max_size=6,
        unique_by=lambda one: one.id,
    ),
    st.randoms(use_true_random=False),
)
def test_estimates_merge_in_any_order_and_ask_nobody(told: list[Edit], random: Random) -> None:
    rule = rules()["age"]
    merged = settle(rule, told)
    again = [*told, *told]
    random.shuffle(again)
    assert settle(rule, again) == merged
    assert merged.reviews == ()
    assert merged.value in {one.value for one in told} | {None}
