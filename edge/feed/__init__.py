"""What comes from the hospital: the replica of its feed, messages, commands."""
