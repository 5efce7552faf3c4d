"""Every step of the purchase protocol removed or reordered once: the simulation must notice."""
