"""What makes a Flask application one of ours: refused forgeries, headers, and the shared files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import SecurityError

from web import csrf, headers, hosts, numbers

SHARED_FILES = Blueprint("web", __name__, static_folder="static", static_url_path="/web")
"""htmx, and the script and the style sheet that both applications use."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How an application is protected.

    `session_token` returns the CSRF token of who is signed in, or None; `open_endpoints` take
    writes that come from no page, because their messages protect themselves. `host_names` are
    the names under which it answers, beside addresses in digits.
    """

    session_token: Callable[[], str | None]
    host_names: frozenset[str]
    content_security_policy: str = headers.CONTENT_SECURITY_POLICY
    open_endpoints: frozenset[str] = frozenset()


def protect(app: Flask, protection: Protection) -> None:
    """Refuse foreign hosts and forged writes, add the headers, and serve the shared files."""

    def refuse_foreign_hosts() -> None:
        if not hosts.is_own(request.host, protection.host_names):
            raise SecurityError(f"no host of ours: {request.host!r}")

    def refuse_forgeries() -> None:
        if request.endpoint not in protection.open_endpoints:
            csrf.refuse_forgeries(protection.session_token)

    def add_headers(response: Response) -> Response:
        return headers.add_headers(response, protection.content_security_policy)

    app.url_map.converters["int"] = numbers.BoundedNumber
    app.before_request(refuse_foreign_hosts)
    app.before_request(refuse_forgeries)
    app.after_request(add_headers)
    app.register_blueprint(SHARED_FILES)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
