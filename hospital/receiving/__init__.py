"""Receiving: stores the records of frames and returns receipts; backups and jobs."""
