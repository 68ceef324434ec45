"""Pages for people who are signed in: others are sent to the sign-in page and come back after."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

P = ParamSpec("P")


def signed_in_only(
    view: Callable[P, ResponseReturnValue], session: Callable[[], object | None], sign_in: str
) -> Callable[P, ResponseReturnValue]:
    """Return a view that runs only while `session` returns one; `sign_in` is an endpoint."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if session() is None:
            return to_sign_in(sign_in)
        return view(*args, **kwargs)

    return guarded


def to_sign_in(sign_in: str, wanted: str | None = None) -> ResponseReturnValue:
    """Send the browser to the endpoint `sign_in`, and from there back to what it asked for.

    A live part makes the whole page go. `wanted` is the path to come back to after a write.
    """
    if "HX-Request" in request.headers:
        response = make_response("", 200)
        response.headers["HX-Redirect"] = url_for(sign_in, next=wanted)
        return response
    if request.method == "GET":
        wanted = request.full_path.rstrip("?")
    return redirect(url_for(sign_in, next=wanted), 303)


def inside(path: str | None) -> str | None:
    """Return a path of our own, or None for anything that can lead elsewhere.

    Browsers read a backslash as a slash and leave out tabs and line breaks, so a path with one of
    them may become the address of another host.
    """
    if not path or not path.startswith("/") or path.startswith("//"):
        return None
    return None if "\\" in path or not path.isprintable() else path
