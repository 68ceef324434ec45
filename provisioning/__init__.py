"""A technician turns a blank box into this clinic's box; the `healthpost` command."""
