"""Journal entries of boxes: parsed, never trusted."""
