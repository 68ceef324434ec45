"""The nouns of the box: entry, reading, patient, feed item, command, clock, errors. No I/O."""
