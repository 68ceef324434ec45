"""Bundles on USB sticks: the frames of the link in a file, both ways."""
