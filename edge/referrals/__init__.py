"""Referrals to another place: made, followed, closed by an outcome; their letter's summary."""
