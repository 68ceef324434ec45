"""How far records are delivered, in words: from the ledger of signed receipts and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.readings import history
from edge.store import issues, link_windows, outbox
from edge.store.outbox import Ledger
from edge.store.store import Store
from kiosk_ui.wording import N_, count, ltr, since, t

_LINKS = {
    "never": N_("Not yet connected to a hospital"),
    "down": N_("No connection to the hospital"),
    "dialing": N_("Calling the hospital"),
    "up": N_("Connected to the hospital"),
    "fenced": N_("The hospital refuses this box"),
}

_AWAY = ("down", "dialing")


@dataclass(frozen=True, slots=True)
class Strip:
    """The status strip: how custody stands, the line itself, and what else is wrong.

    `tone` is "good" only when the hospital has confirmed everything. `usual` says, while there is
    no connection, when there usually is one.
    """

    tone: str
    custody: Markup
    line: Markup
    wrong: int
    in_tray: int
    usual: Markup | None = None


def strip(store: Store, now: Stamp) -> Strip:
    """Read the store and word the strip."""
    ledger = outbox.ledger(store)
    wrong = len(issues.current(store))
    return Strip(
        tone=tone(ledger),
        custody=custody_sentence(ledger, now),
        line=line_sentence(ledger),
        wrong=wrong,
        in_tray=history.tray_count(store),
        usual=usual(store) if ledger.link in _AWAY else None,
    )


def usual(store: Store) -> Markup | None:
    """Return when the box is usually online, None while no habit is known."""
    windows = link_windows.windows(link_windows.known(store))
    if not windows:
        return None
    times = Markup(", ").join(ltr(link_windows.words(w)) for w in windows)
    return t(N_("Usually online %(times)s."), times=times)


def tone(ledger: Ledger) -> str:
    """Return "good" when all is confirmed, "safe" while something waits here, "idle" if nothing."""
    if ledger.captured == 0:
        return "idle"
    return "good" if ledger.waiting == 0 and ledger.agrees else "safe"


def line_sentence(ledger: Ledger) -> Markup:
    """Return the state of the line in words."""
    return t(_LINKS.get(ledger.link, _LINKS["down"]))


def custody_sentence(ledger: Ledger, now: Stamp) -> Markup:
    """Return how much the hospital has confirmed, and what waits."""
    if ledger.captured == 0:
        return t(N_("Nothing has been recorded yet"))
    if ledger.last_receipt_ms is None:
        text = N_("%(captured)s records, safe here; none confirmed by the hospital yet")
        return t(text, captured=count(ledger.captured))
    at = since(datetime.fromtimestamp(ledger.last_receipt_ms / 1000, UTC), now)
    if not ledger.agrees:
        text = N_("%(captured)s records, safe here; the hospital compares them with its own")
        return t(text, captured=count(ledger.captured))
    if ledger.waiting == 0:
        text = N_("All %(captured)s records confirmed by the hospital at %(time)s")
        return t(text, captured=count(ledger.captured), time=at)
    text = N_(
        "%(confirmed)s of %(captured)s confirmed by the hospital at %(time)s;"
        " %(waiting)s waiting, safe here"
    )
    return t(
        text,
        confirmed=count(ledger.confirmed),
        captured=count(ledger.captured),
        waiting=count(ledger.waiting),
        time=at,
    )
