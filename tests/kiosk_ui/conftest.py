"""The fixtures of the kiosk's tests."""

from kiosk_fixtures import app, box_file, client, desk, sana, settings, staffed_box

__all__ = ["app", "box_file", "client", "desk", "sana", "settings", "staffed_box"]
