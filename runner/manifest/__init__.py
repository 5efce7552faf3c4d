"""What is wanted: YAML with positions, problems, shots, references, requests and their fingerprints."""
