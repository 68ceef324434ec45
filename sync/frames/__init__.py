"""Frames: records become a payload, sealed to a key and signed."""
