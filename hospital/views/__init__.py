"""What the desk shows, as queries."""
