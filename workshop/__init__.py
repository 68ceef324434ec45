"""For whoever works on this: a clinic and a hospital that reload, and devices that fail on demand.

It is no part of what is installed. `scripts/dev` starts it.
"""
