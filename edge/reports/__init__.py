"""Reports: what a clinic counts of a month, computed from entries alike at box and hospital."""
