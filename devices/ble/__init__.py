"""Bluetooth LE: one scanner, connections, pairing, adapters."""
