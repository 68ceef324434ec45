"""Whole numbers that a browser sent: in a path, a query or a form."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, Map, ValidationError

from edge.model.bounds import MAX_COUNT

LONGEST = len(str(MAX_COUNT))


def whole_number(text: str | None) -> int | None:
    """Return the number that a text is, None when it is none or larger than any of ours."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > LONGEST:
        return None
    number = int(text)
    return number if number <= MAX_COUNT else None


class BoundedNumber(IntegerConverter):
    """The `int` of our addresses: a larger number is no page."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MAX_COUNT)

    def to_python(self, value: str) -> int:
        """Return the number; one of thousands of digits is not even read."""
        if len(value) > LONGEST:
            raise ValidationError
        return int(super().to_python(value))
