"""Whatever the outside sends, no exception but the declared ones, in bounded time, memory and words.

`python -m tests.crash.fuzz N` tries N cases of each kind: manifests, lockfiles, replies and images, changed at random.
Every case has a number, and comes of that number alone: `--only KIND --first NUMBER` brings one back.
"""
