"""The desk: what clinicians see of all clinics, and where boxes ask to join."""

from __future__ import annotations

from flask import Flask

from hospital.desk import door, enrol
from hospital.desk.door import Parts

PAGES = (enrol.page,)


def create_app(parts: Parts) -> Flask:
    """Return the desk's application over its parts."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    door.fit(app, parts)
    for page in PAGES:
        app.register_blueprint(page)
    return app
