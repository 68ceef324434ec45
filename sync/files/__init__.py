"""Photos and recordings in chunks: pure functions for both ends."""
