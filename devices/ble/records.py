"""Reading a meter's memory by its Record Access Control Point (2A52). Pure.

    counting --n--> reporting from our last on --it came unchanged--> complete
       |  0            |    | it did not come, or is another one --> reporting all --> complete
       v               v none
    nothing         checking --newest is before our last--> reporting all --> complete
                       | it is not
                       v
                    nothing            busy, refused and aborted end it from anywhere

A number alone says nothing: a meter that was reset counts anew and overtakes what is remembered.
So the last record that is held is asked for again, and must be what it was. Records come oldest
first, as GLS 1.0.1 (3.4) has it. What may be remembered as "held" is never more than that order
allows.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import cast

from devices.driver import Fields
from devices.protocols import record_access

HIGHEST_SEQUENCE = 0xFFFF
_REPORT, _ABORT, _COUNT = 1, 3, 4
_NOT_COMPLETED, _BUSY = 8, 10


class TransferEnd(StrEnum):
    """How a transfer ended."""

    COMPLETE = auto()
    NOTHING = auto()
    BUSY = auto()
    REFUSED = auto()
    ABORTED = auto()


class _Phase(StrEnum):
    COUNTING = auto()
    SINCE = auto()
    CHECKING = auto()
    ALL = auto()
    ABORTING = auto()


class RecordTransfer:
    """One transfer; `last` is the sequence number up to which everything is held, if any.

    `content` is a digest of that record, None when it is not known. `anew` becomes true when the
    meter turns out to have begun its numbers anew.
    """

    def __init__(self, last: int | None, content: str | None = None) -> None:
        self.ending: TransferEnd | None = None
        self.refusal = ""
        self.anew = False
        self._content = content
        self._contents: dict[int, str] = {}
        self._met = False
        self._last = last
        self._phase = _Phase.COUNTING
        self._sequences: list[int] = []
        self._newest: int | None = None

    def begin(self) -> bytes:
        """Return the first command."""
        return record_access.count_all()

    def record(self, sequence: int, content: str = "") -> None:
        """Take note that a record of this sequence number, with this digest, came."""
        if self._phase in (_Phase.SINCE, _Phase.ALL):
            if sequence == self._last and not self.anew:
                self._met = True
                self.anew = self._content not in (None, content)
            self._sequences.append(sequence)
            self._contents[sequence] = content
        elif self._phase is _Phase.CHECKING:
            self._newest = sequence
            self.anew = self._last is not None and sequence < self._last

    def answered(self, fields: Fields) -> bytes | None:
        """Take what the control point indicated; return the next command, None for none now."""
        if self.ending is not None:
            return None
        if fields["op"] == "count" and self._phase is _Phase.COUNTING:
            return self._counted(cast("int", fields["count"]))
        if fields["op"] != "response":
            return None
        return self._responded(cast("int", fields["request"]), cast("int", fields["code"]))

    def give_up(self) -> bytes | None:
        """Return the command that stops the meter; None when it has stopped already."""
        if self.ending is not None:
            return None
        self._phase = _Phase.ABORTING
        return record_access.abort()

    @property
    def complete_up_to(self) -> int | None:
        """The sequence number up to which everything came.

        Of a transfer that broke off, two records or more tell that the oldest come first.
        """
        sequences, last = self._sequences, self._last
        rising = all(
            first < second for first, second in zip(sequences, sequences[1:], strict=False)
        )
        if self.ending is TransferEnd.COMPLETE and sequences:
            return sequences[-1] if rising else max(sequences)
        return sequences[-1] if rising and len(sequences) > 1 else last

    @property
    def last_content(self) -> str | None:
        """The digest of the record `complete_up_to`; None when it is not known."""
        up_to = self.complete_up_to
        kept = self._content if up_to == self._last else None
        return None if up_to is None else self._contents.get(up_to, kept) or None

    # --- transitions ---------------------------------------------------------------------------

    def _counted(self, count: int) -> bytes | None:
        return self._report() if count else self._end(TransferEnd.NOTHING)

    def _report(self) -> bytes:
        if self._last is None or self._last >= HIGHEST_SEQUENCE:
            return self._report_all()
        self._phase = _Phase.SINCE
        return record_access.report_since(self._last)

    def _report_all(self) -> bytes:
        self._phase = _Phase.ALL
        self._sequences.clear()
        return record_access.report_all()

    def _responded(self, request: int, code: int) -> bytes | None:
        if self._phase is _Phase.ABORTING:
            return self._end(TransferEnd.ABORTED)
        if request != (_COUNT if self._phase is _Phase.COUNTING else _REPORT):
            return None
        if code in (_BUSY, _NOT_COMPLETED):
            return self._end(TransferEnd.BUSY)
        if self._phase is _Phase.COUNTING:
            return self._nothing_counted(code)
        return self._reported(code)

    def _nothing_counted(self, code: int) -> bytes | None:
        """A meter need not count: ask for the records themselves."""
        if code == record_access.NO_RECORDS:
            return self._end(TransferEnd.NOTHING)
        return self._report()

    def _reported(self, code: int) -> bytes | None:
        if self._phase is _Phase.CHECKING:
            return self._checked()
        if code == record_access.SUCCESS:
            known = self._phase is _Phase.ALL or (self._met and not self.anew)
            return self._end(TransferEnd.COMPLETE) if known else self._report_all()
        if self._phase is _Phase.ALL:
            nothing = code == record_access.NO_RECORDS
            return self._end(TransferEnd.NOTHING) if nothing else self._refused(code)
        if code == record_access.NO_RECORDS:
            self._phase = _Phase.CHECKING
            return record_access.report_last()
        return self._report_all()  # it does not know "since"

    def _checked(self) -> bytes | None:
        """A newest record from before our last one: the meter began to count anew."""
        if self._newest is not None and self._newest < cast("int", self._last):
            self.anew = True
            self._last = None
            return self._report_all()
        return self._end(TransferEnd.NOTHING)

    def _refused(self, code: int) -> bytes | None:
        self.refusal = record_access.CODES.get(code, f"code {code}")
        return self._end(TransferEnd.REFUSED)

    def _end(self, ending: TransferEnd) -> bytes | None:
        self.ending = ending
        return None
