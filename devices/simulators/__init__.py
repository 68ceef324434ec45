"""Virtual devices, real on the wire, that can misbehave as the real ones do."""
