"""Receiving: frames in, records and receipts out."""
