"""Simulated serial devices, one family a file; each lives on a tty of its own."""
