"""What the screen says about the hospital, from the ledger of signed receipts and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.readings import history
from edge.store import issues, link_windows, outbox
from edge.store.outbox import Ledger
from edge.store.store import Store
from kiosk_ui.wording import count, isolated, noted, say, since

_LINKS = {
    "never": noted("Not yet connected to a hospital"),
    "down": noted("No connection to the hospital"),
    "dialing": noted("Calling the hospital"),
    "up": noted("Connected to the hospital"),
    "fenced": noted("The hospital refuses this box"),
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
    times = Markup(", ").join(isolated(link_windows.words(w)) for w in windows)
    return say(noted("Usually online %(times)s."), times=times)


def tone(ledger: Ledger) -> str:
    """Return "good" when all is confirmed, "safe" while something waits here, "idle" if nothing."""
    if ledger.captured == 0:
        return "idle"
    return "good" if ledger.waiting == 0 and ledger.agrees else "safe"


def line_sentence(ledger: Ledger) -> Markup:
    """Return the state of the line in words."""
    return say(_LINKS.get(ledger.link, _LINKS["down"]))


def custody_sentence(ledger: Ledger, now: Stamp) -> Markup:
    """Return how much the hospital has confirmed, and what waits."""
    if ledger.captured == 0:
        return say(noted("Nothing has been recorded yet"))
    if ledger.last_receipt_ms is None:
        text = noted("%(captured)s records, safe here; none confirmed by the hospital yet")
        return say(text, captured=count(ledger.captured))
    at = since(datetime.fromtimestamp(ledger.last_receipt_ms / 1000, UTC), now)
    if not ledger.agrees:
        text = noted("%(captured)s records, safe here; the hospital compares them with its own")
        return say(text, captured=count(ledger.captured))
    if ledger.waiting == 0:
        text = noted("All %(captured)s records confirmed by the hospital at %(time)s")
        return say(text, captured=count(ledger.captured), time=at)
    text = noted(
        "%(confirmed)s of %(captured)s confirmed by the hospital at %(time)s;"
        " %(waiting)s waiting, safe here"
    )
    return say(
        text,
        confirmed=count(ledger.confirmed),
        captured=count(ledger.captured),
        waiting=count(ledger.waiting),
        time=at,
    )
