"""Every state that a disk can be left in by a kill or a power cut, at every operation of a run, and what comes of it.

The way of ALICE: a run of the real executor is recorded operation by operation; at each of them all disks are made
that a filesystem may leave there, within stated bounds; on each disk a new life must come home, with a list of the
server's jobs and without, and the server's books are the judge. Beside it, the disk and the line to the server fail at
every single call.
"""
