"""The settings of a box: its file, and the few that the hospital changes from afar."""
