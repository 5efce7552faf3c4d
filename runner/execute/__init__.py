"""Doing it: slots, submit, reconcile, poll, download and verify, signals."""
