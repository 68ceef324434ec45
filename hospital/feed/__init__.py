"""The feed: what each clinic is to know."""
