"""Bundles on USB sticks: what was asked for, and what was sent."""
