"""Session with an analyser that speaks ASTM E1381: receives its messages, and refuses its queries.

    receiving --Q record--> receiving --EOT--> refusing --ENQ, frames, EOT--> receiving
                            refusing --ENQ of the analyser--> receiving (it goes first)

A result is on the disk before its frame is acknowledged. What is no reading is said once, at the
end of the message.
"""

from __future__ import annotations

from dataclasses import replace

from devices.driver import UNREADABLE, Event, ResultRefusal, Turn
from devices.protocols import astm_e1381, character_sets, laboratory_ends
from devices.protocols.astm_records import GRAMMAR, Message
from devices.protocols.laboratory import Site
from devices.sessions.analyser import (
    JudgedResults,
    WallClock,
    is_control,
    judge,
    no_clock,
    together,
)

ANSWER_MS = 15_000
"""How long the other end may take to answer (LIS01-A2, 6.5.2)."""

_ENDS = ("enq", "eot")


class AstmSession:
    """A `Session` that acknowledges every frame and keeps the records of the message at hand."""

    def __init__(self, site: Site, wall: WallClock = no_clock) -> None:
        self._site = site
        self._wall = wall
        self._message = Message(site)
        self._delimiters = self._message.delimiters
        self._refused: list[ResultRefusal] = []
        self._records: list[tuple[str, bytes]] = []
        self._asked = False
        self._to_send: list[bytes] = []
        self._next_ms: int | None = None

    @property
    def next_timeout(self) -> int | None:
        """When an answer of the analyser is overdue; None while it has the word."""
        return self._next_ms

    def start(self, now_ms: int) -> Turn:
        """Wait."""
        self._forget()
        return Turn(state="listening")

    def on_event(self, event: Event, now_ms: int) -> Turn:
        """Take one event, and answer a frame when its last record has come."""
        if event.name in ("ack", "nak"):
            return self._answered(event.name == "ack", now_ms)
        reply = astm_e1381.REPLIES.get(str(event.fields.get("reply")), b"")
        if event.name == "error":
            return Turn(write=reply)
        turn = self._take(event, b"" if event.more else reply)
        return self._refuse_query(turn, now_ms) if event.name == "eot" else turn

    def on_timeout(self, now_ms: int) -> Turn:
        """Give up a message that the analyser does not take."""
        if self._next_ms is None or now_ms < self._next_ms:
            return Turn()
        self._to_send, self._next_ms = [], None
        return Turn(write=astm_e1381.EOT)

    def ask(self, request: str, now_ms: int) -> Turn:
        """Do nothing."""
        return Turn()

    def stop(self) -> bytes:
        """Say nothing: what was not acknowledged will be sent again."""
        return b""

    def _take(self, event: Event, reply: bytes) -> Turn:
        if event.name in _ENDS:
            return self._end(reply)
        if event.name != "record":
            return Turn(write=reply, state="connected")
        text = character_sets.decode(event.raw, configured=self._site.encoding)
        name = self._message.take(text)
        self._records.append((name, event.raw))
        if not name or laboratory_ends.holds_unread_rows(text, GRAMMAR):
            self._refused.append(ResultRefusal(UNREADABLE, raw=event.raw + b"\r"))
        if name == "R":
            return self._result(event.raw, text, reply)
        self._asked = self._asked or name == "Q"
        return Turn(write=reply, state="connected")

    def _result(self, raw: bytes, text: str, reply: bytes) -> Turn:
        result = self._message.result()
        control = self._message.is_control or is_control(result, self._site)
        judged = judge(result, self._site, control=control)
        self._refused += [replace(each, raw=raw + b"\r") for each in judged.refused]
        kept = JudgedResults(judged.measured, judged.controls)
        return kept.kept(self._message.digest(text)).turn(reply)

    def _end(self, reply: bytes) -> Turn:
        """A message is over, or another one begins: say what it held that is no reading."""
        refused = together(self._refused) or self._without_result()
        asked = self._asked
        self._forget()
        self._asked = asked and not reply  # an ENQ begins anew, an EOT leaves the query to answer
        return Turn(write=reply, refused=refused, state="connected")

    def _without_result(self) -> tuple[ResultRefusal, ...]:
        """Refuse a message that tells of a patient or an order, and holds no result."""
        names = {name for name, _ in self._records}
        if names.isdisjoint("PO") or not names.isdisjoint("RQMS"):
            return ()
        raw = b"".join(record + b"\r" for _, record in self._records)
        return (ResultRefusal(UNREADABLE, raw=raw),)

    def _refuse_query(self, turn: Turn, now_ms: int) -> Turn:
        if not self._asked:
            return turn
        self._asked = False
        self._to_send = [*astm_e1381.query_refusal(self._delimiters), astm_e1381.EOT]
        self._next_ms = now_ms + ANSWER_MS
        return Turn(write=astm_e1381.ENQ, refused=turn.refused, state="connected")

    def _answered(self, taken: bool, now_ms: int) -> Turn:
        """Send the next frame; after a refusal, or behind the last one, hang up."""
        if not self._to_send:
            return Turn(state="connected")
        write = self._to_send.pop(0) if taken else astm_e1381.EOT
        over = write == astm_e1381.EOT
        self._to_send = [] if over else self._to_send
        self._next_ms = None if over else now_ms + ANSWER_MS
        return Turn(write=write, state="connected")

    def _forget(self) -> None:
        self._delimiters = self._message.delimiters
        self._message = Message(self._site)
        self._refused = []
        self._records = []
        self._asked = False
        self._to_send, self._next_ms = [], None
