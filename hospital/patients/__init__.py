"""Patients of all clinics: master index, edits, links, reviews, messages."""
