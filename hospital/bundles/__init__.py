"""Bundles on USB sticks at the hospital: read, and answered."""
