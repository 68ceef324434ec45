"""The devices of a box: which there are, what is asked of them, what is remembered."""
