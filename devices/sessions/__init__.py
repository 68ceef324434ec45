"""The host's side of each polled protocol, without I/O: what is asked, and what is never asked."""
