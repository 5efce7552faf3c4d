"""A deterministic simulation of the real executor: virtual time, a simulated disk, a simulated server."""
