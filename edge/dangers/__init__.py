"""Dangers: what rules found urgent, who did what about it, and when it ends."""
