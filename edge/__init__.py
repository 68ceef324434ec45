"""What the box knows: nouns, journal, store, clinical rules, clock, settings, timed jobs."""
