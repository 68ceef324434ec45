"""What link and bundle share at the box: outbox, sealing, commands, feed, files, keys."""
