"""Serial ports: found, watched, read, and what is said over them."""
