"""Notifiable diseases: which there are, cases reported the same day, counts of a week."""
