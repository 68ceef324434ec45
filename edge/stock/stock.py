"""The clinic's stock: what was received, used, counted and lost, and how much there is.

What is used by an entry of its own (a vaccine that was given) is counted from that entry
(`CONSUMERS`), and never entered twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import InvalidForm
from edge.patients import birth
from edge.stock.expiry import last_day, read
from edge.stock.items import Item, packaged
from edge.stock.level import SOON_DAYS, Batch, Movement, What, batches, on_hand
from edge.store import journal
from edge.store.store import Row, Store
from edge.visits.eye_tests import EYE_TESTS

LISTED = 50
"""So many movements of an item are listed, the newest."""

MOST = Decimal(1_000_000)
LONGEST_BATCH = 40
_WHOLE = re.compile(r"\d{1,7}")

_TEST_ITEMS = " ".join(
    f"WHEN '{part.code}' THEN '{item.item}'"
    for item in packaged().values()
    if item.of_test
    for part in EYE_TESTS[item.of_test].results
)
_TEST_ITEM = f"CASE json_extract(j.record, '$.body.coded[0][0]') {_TEST_ITEMS} END"

CONSUMERS: Mapping[str, str] = {
    "immunization": "SELECT entry, vaccine AS item, 'used' AS what, '1' AS number, batch, expiry,"
    " day, actor, 0 AS own FROM immunization WHERE taken_back IS NULL AND elsewhere = 0",
    "medicine": "SELECT entry, medicine AS item, 'used' AS what, quantity AS number, batch,"
    " NULL AS expiry, day, NULL AS actor, 0 AS own FROM medicine"
    " WHERE taken_back IS NULL AND state = 'given' AND quantity IS NOT NULL",
    "reading": f"SELECT r.entry, {_TEST_ITEM} AS item, 'used' AS what, '1' AS number,"
    " NULL AS batch, NULL AS expiry, date(r.wall_ms / 1000, 'unixepoch', 'localtime') AS day,"
    " NULL AS actor, 0 AS own FROM reading r"
    " JOIN journal j ON j.id = r.entry WHERE r.kind = 'test'"
    f" AND coalesce(r.tray, '') <> 'discarded' AND {_TEST_ITEM} IS NOT NULL",
}
"""By table: what its entries use of the stock, as rows of a movement."""

_OWN = (
    "SELECT entry, item, what, number, batch, expiry, day, actor, 1 AS own FROM stock_entry"
    " WHERE taken_back IS NULL"
)
_ALL = " UNION ALL ".join((_OWN, *CONSUMERS.values()))


@dataclass(frozen=True, slots=True)
class Kept:
    """One movement as the journal keeps it: on which day, by whom.

    `own`: it was entered as a movement, and can be taken back as one.
    """

    entry: int
    movement: Movement
    day: str
    actor: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """One item as it stands on a day: how much there is, and which batches are left.

    `is_known`: it was received or counted once. Of what was never, nobody says that it is out.
    """

    item: Item
    number: Decimal
    batches: tuple[Batch, ...]
    is_known: bool
    today: date

    @property
    def is_out(self) -> bool:
        """Whether there is none."""
        return self.is_known and self.number <= 0

    @property
    def is_low(self) -> bool:
        """Whether there is little, or none."""
        return self.is_known and self.number <= self.item.low

    @property
    def is_doubtful(self) -> bool:
        """Whether more was used than there was: somebody should count."""
        return self.number < 0

    @property
    def expired(self) -> Decimal:
        """How much of it is past its last day."""
        gone = (b.number for b in self.batches if last_day(b.expiry) < self.today)
        return sum(gone, Decimal(0))

    @property
    def expiring(self) -> Batch | None:
        """The first batch that expires within `SOON_DAYS`, None when none does."""
        soon = self.today + timedelta(days=SOON_DAYS)
        good = (b for b in self.batches if self.today <= last_day(b.expiry) <= soon)
        return next(good, None)


def move(
    store: Store,
    now: Stamp,
    item: Item,
    typed: Mapping[str, str],
    actor: str | None,
) -> int:
    """Keep a movement as typed ("what", "number", "batch", "expiry"); return its entry.

    Raises `InvalidForm`: "what", "number", "batch", "expiry".
    """
    said = _read(item, typed)
    day = birth.today_of(now).isoformat()
    body: dict[str, object] = {
        "item": said.item,
        "what": said.what,
        "number": str(said.number),
        "unit": item.unit,
        "day": day,
    }
    more: dict[str, object | None] = {"batch": said.batch, "expiry": said.expiry, "low": item.low}
    more["name"] = item.name if item.own else None
    body |= {key: value for key, value in more.items() if value is not None}
    with store.transaction():
        entry = journal.append(store, EntryKind.STOCK, now, body, actor=actor)
        store.execute(
            "INSERT INTO stock_entry (entry, item, what, number, batch, expiry, day, actor)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (entry, said.item, said.what, str(said.number), said.batch, said.expiry, day, actor),
        )
    return entry


def shelves(store: Store, items: Mapping[str, Item], now: Stamp) -> list[Shelf]:
    """Return every item as it stands, those that are out or low first."""
    by_item: dict[str, list[Movement]] = {}
    for one in _kept(store.rows(f"{_ALL} ORDER BY entry")):
        by_item.setdefault(one.movement.item, []).append(one.movement)
    today = birth.today_of(now)
    known = {word: items.get(word) or unlisted(word) for word in (*items, *by_item)}
    found = [_shelf(item, by_item.get(word, []), today) for word, item in known.items()]
    return sorted(found, key=lambda one: (not one.is_out, not one.is_low, not one.is_known))


def unlisted(word: str) -> Item:
    """Return an item that no list names any more, or that an entry of another kind used."""
    return Item(word, word, "piece", 0, own=True)


def shelf_of(store: Store, item: Item, now: Stamp) -> Shelf:
    """Return one item as it stands."""
    rows = store.rows(f"SELECT * FROM ({_ALL}) WHERE item = ? ORDER BY entry", (item.item,))
    return _shelf(item, [one.movement for one in _kept(rows)], birth.today_of(now))


def movements(store: Store, item: str, limit: int = LISTED) -> list[Kept]:
    """Return the movements of an item, the newest first."""
    sql = f"SELECT * FROM ({_ALL}) WHERE item = ? ORDER BY entry DESC LIMIT ?"
    return list(_kept(store.rows(sql, (item, limit))))


def _shelf(item: Item, moved: list[Movement], today: date) -> Shelf:
    known = any(one.what in (What.RECEIVED, What.COUNTED) for one in moved)
    return Shelf(item, on_hand(moved), batches(moved), known, today)


def _kept(rows: Iterable[Row]) -> Iterable[Kept]:
    for row in rows:
        moved = Movement(
            row["item"], row["what"], Decimal(row["number"]), row["batch"], row["expiry"]
        )
        yield Kept(row["entry"], moved, row["day"], row["actor"], bool(row["own"]))


def _read(item: Item, typed: Mapping[str, str]) -> Movement:
    wrong: dict[str, str] = {}
    what, batch, expiry = typed.get("what", ""), " ".join(typed.get("batch", "").split()), None
    if what not in set(What):
        wrong["what"] = "unknown"
    number = _number(typed.get("number", ""), zero=what == What.COUNTED)
    if number is None:
        wrong["number"] = "format"
    if len(batch) > LONGEST_BATCH or not batch.isprintable():
        wrong["batch"] = "too-long"
    try:
        expiry = read(typed.get("expiry", ""))
    except InvalidForm as error:
        wrong |= error.fields
    if wrong:
        raise InvalidForm(wrong)
    return Movement(item.item, what, number or Decimal(0), batch or None, expiry)


def _number(text: str, *, zero: bool) -> Decimal | None:
    """Return a whole number as typed; None when it is none. Only a count may be 0."""
    digits = birth.ascii_digits(text).strip()
    if not _WHOLE.fullmatch(digits) or Decimal(digits) > MOST:
        return None
    number = Decimal(digits)
    return number if number or zero else None
