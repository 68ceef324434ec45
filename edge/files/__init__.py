"""Photos and recordings: kept as files, listed for people."""
