"""Queries of what the desk shows."""
