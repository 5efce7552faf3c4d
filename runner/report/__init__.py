"""Telling it: live progress, plain lines, JSON lines and the summary."""
