"""A stand-in for the provider: the API, its rules, its faults and the animatics. Imports nothing from the rest."""
