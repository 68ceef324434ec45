"""Medicines given in a visit: the site's list, doses, what speaks against one, what was given."""
