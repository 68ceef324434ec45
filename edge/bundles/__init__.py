"""Bundles on USB sticks: requests to write or read one, and the bundles that were written."""
