"""The verbs of healthpost hospital."""
