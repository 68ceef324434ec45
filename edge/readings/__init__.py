"""Readings: taken in, looked up, taken back."""
