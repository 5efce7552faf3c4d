"""One file for each command: it wires the rooms together and returns an exit code."""
