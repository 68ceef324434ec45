"""What programmes, appointments, calls and doses are called at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.care.vaccine_schedule import DoseState
from edge.model.follow_up_kinds import AppointmentState, CallOutcome, EpisodeState

EPISODES: Final[Mapping[str, str]] = {
    EpisodeState.ENROLLED: "Enrolled",
    EpisodeState.FINISHED: "Finished",
    EpisodeState.LOST: "Lost",
    EpisodeState.TRANSFERRED: "Goes to another place now",
    EpisodeState.DECEASED: "Has died",
    EpisodeState.REFUSED: "Does not want to come",
}
APPOINTMENTS: Final[Mapping[str, str]] = {
    AppointmentState.BOOKED: "booked",
    AppointmentState.KEPT: "came",
    AppointmentState.MOVED: "moved to another day",
    AppointmentState.CANCELLED: "cancelled",
    AppointmentState.MISSED: "did not come",
}
CALLS: Final[Mapping[str, str]] = {
    CallOutcome.AGREED: "will come",
    CallOutcome.REMIND: "to be called again",
    CallOutcome.NOT_REACHED: "not reached",
    CallOutcome.WRONG_NUMBER: "wrong number",
    CallOutcome.MOVED: "has moved away",
    CallOutcome.REFUSED: "does not want to come",
    CallOutcome.DIED: "has died",
    CallOutcome.OTHER: "something else",
}
DOSES: Final[Mapping[str, str]] = {
    DoseState.GIVEN: "Given",
    DoseState.TOO_EARLY: "Too early: does not count",
    DoseState.OVERDUE: "Overdue",
    DoseState.DUE: "Due now",
    DoseState.COMING: "Not yet",
    DoseState.TOO_LATE: "Too old for it",
}
