"""Trials that take longer than the suite may; the suite runs a sample of each."""
