"""Captures: what a device sent, recorded, replayed and decoded."""
