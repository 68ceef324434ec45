"""Open referrals of all clinics, one referral with its letter, and the doctor's answer."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.referrals.referral import Outcome
from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, list_parts
from hospital.patients import referrals
from hospital.patients.referrals import ChartedReferral, NewAnswer
from hospital.views import chart
from web.polling import polled_at

page = Blueprint("referrals", __name__, url_prefix="/referrals")

LONGEST_CLINIC = 200
OUTCOMES: Final = {
    Outcome.TREATED: "Treated, back to the clinic",
    Outcome.ADMITTED: "Admitted",
    Outcome.REFERRED_ON: "Referred on",
    Outcome.REFUSED: "The patient did not want it",
    Outcome.NOT_NEEDED: "Not needed",
    Outcome.LOST: "Not known what became of it",
    Outcome.DIED: "Died",
}
STATES: Final = {
    "made": "On the way",
    "arrived": "Arrived",
    "not-arrived": "Not arrived",
    "closed": "Closed",
    "cancelled": "Cancelled",
}
TRANSPORT: Final = {
    "ambulance": "by ambulance",
    "vehicle": "by own or hired vehicle",
    "public": "by public transport",
    "walking": "on foot",
}


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the open referrals, of all clinics or of one."""
    return render_template("referrals.html", live=Markup(_live()), polls=list_parts.is_first())


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(context.archive()), _live)


@page.get("/<referral_id>")
@guard.clinician_only
def one(referral_id: str) -> str:
    """Show a referral, what became known of it, and a form for the answer."""
    return _page(_referral(referral_id))


@page.post("/<referral_id>")
@guard.clinician_only
def answer(referral_id: str) -> ResponseReturnValue:
    """Keep an answer and send it to the clinic; an empty one comes back with a sentence."""
    referral = _referral(referral_id)
    texts = {
        name: forms.typed(name, referrals.LONGEST) for name in ("findings", "treatment", "todo")
    }
    new = NewAnswer(**texts, arrived=forms.typed("arrived", 3), outcome=forms.typed("outcome", 20))
    author = guard.account(), guard.person_name()
    try:
        referrals.answer(context.archive(), referral.id, new, author, guard.now_ms())
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(referral, wrong=f"Not sent: {error}."), 422
    return redirect(url_for(".one", referral_id=referral.id), 303)


@page.app_template_global()
def referral_words() -> dict[str, dict[str, str]]:
    """Return the words of a referral: states, outcomes, transport."""
    outcomes = {str(word): text for word, text in OUTCOMES.items()}
    return {"states": STATES, "outcomes": outcomes, "transport": TRANSPORT}


def _referral(referral_id: str) -> ChartedReferral:
    found = referrals.one(context.archive(), referral_id.replace("\x00", ""))
    if found is None:
        abort(404)
    return found


def _page(referral: ChartedReferral, wrong: str = "") -> str:
    archive = context.archive()
    return render_template(
        "referral.html",
        one=referral,
        steps=referrals.steps(archive, referral),
        answers=referrals.answers(archive, referral.id),
        now_ms=guard.now_ms(),
        typed=request.form,
        wrong=wrong,
    )


def _live() -> str:
    archive, clinic = context.archive(), _clinic()
    found, part = list_parts.page_of(
        referrals.PAGE,
        lambda limit, skip: referrals.open_ones(archive, limit, skip, clinic),
        "referrals.show",
        **({"clinic": clinic} if clinic else {}),
    )
    return render_template(
        "referrals_live.html",
        referrals=found,
        part=part,
        clinic=clinic,
        clinics=referrals.clinics(archive),
        unanswered=referrals.count_open(archive),
        now_ms=guard.now_ms(),
    )


def _clinic() -> str:
    return request.args.get("clinic", "").replace("\x00", "")[:LONGEST_CLINIC]
