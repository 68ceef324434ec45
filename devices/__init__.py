"""Bytes from medical devices become readings."""
