"""Everything that a network and a server can do to a run: the table, and what plays it."""
