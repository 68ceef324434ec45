"""The far end: receive, archive, desk, certificate authority and claims."""
