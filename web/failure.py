"""When something fails: a page with one plain sentence instead of a code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError

Page = Callable[[str, int, str], str]
"""Returns the page for a sentence, an HTTP code and a detail that may be empty.

It must need nothing that may have failed.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of the application's own, the HTTP code that answers it, and its sentence.

    `detail` gives what the sentence cannot say, the same in every language.
    """

    error: type[Exception]
    code: int
    sentence: str
    detail: Callable[[Exception], str] | None = None


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentence for each HTTP code, for any other code, and for the application's own errors."""

    by_code: Mapping[int, str]
    otherwise: str
    failures: tuple[Failure, ...]


def answer_with_sentences(app: Flask, sentences: Sentences, page: Page) -> None:
    """Register the page of `page` for everything that can go wrong."""

    def http(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if isinstance(error, SecurityError):
            return error  # a foreign host name leaves no address to build a page's links from
        return page(sentences.by_code.get(code, sentences.otherwise), code, ""), code

    app.register_error_handler(HTTPException, http)
    for failure in sentences.failures:
        app.register_error_handler(failure.error, _handler(app, failure, page))


def _handler(
    app: Flask, failure: Failure, page: Page
) -> Callable[[Exception], ResponseReturnValue]:
    def answer(error: Exception) -> ResponseReturnValue:
        if failure.code >= 500:
            app.logger.error("%s", error)
        detail = "" if failure.detail is None else failure.detail(error)
        return page(failure.sentence, failure.code, detail), failure.code

    return answer
