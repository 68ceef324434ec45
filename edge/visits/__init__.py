"""Visits: who is being treated at which station, and since when."""
