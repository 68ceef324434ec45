"""How processes run: the caretaker, the supervisor, forks, and command-line output."""
