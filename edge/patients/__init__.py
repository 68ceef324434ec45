"""Patients: register, find, correct; their names, and the edits that came from the hospital."""
