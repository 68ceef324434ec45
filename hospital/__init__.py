"""The hospital: receives records, archives them, shows them at the desk, and admits boxes."""
