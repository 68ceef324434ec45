"""Serial ports: finding, watching and reading them, and the sessions over them."""
