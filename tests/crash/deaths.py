"""Where a run can be made to die: at the points that it crosses itself, and at all that the server can see of it."""

from runner.sandbox.faults import Do, Fault, Moment, On
from tests.crash.stage import Ended, Stage

POINTS = {
    # what is said to the server
    "list.before": (1,),
    "list.after": (1,),
    "post.before": (1, 2, 4),
    "post.sent": (1, 4),
    "post.after": (1, 2, 4),
    "retrieve.before": (1, 3),
    "retrieve.after": (1, 2, 4),
    "content.before": (1, 4),
    "content.after": (1, 2, 4),
    # the ledger: its header, then intent, job and clip of each shot
    "ledger.write.before": (2, 3),
    "ledger.write.half": (1, 2, 3, 13),
    "ledger.write.after": (1, 3, 13),
    "ledger.sync.after": (2, 3, 8),
    "state.sync_folder.after": (2,),
    # the lockfile: the same facts, after the ledger has them
    "lockfile.write.before": (1, 12),
    "lockfile.write.half": (1, 2, 3, 12),
    "lockfile.write.after": (2, 3),
    "lockfile.sync.after": (1, 12),
    # folding it: at the beginning, and at the end
    "fold.remove.after": (2,),
    "fold.write.before": (2,),
    "fold.write.half": (1, 2),
    "fold.sync.after": (1,),
    "lockfile.rename.before": (1, 2),
    "lockfile.rename.after": (1, 2),
    "folder.sync_folder.after": (1, 5),
    "ignore.write.half": (1,),
    # the cache of digests
    "seen.remove.after": (1,),
    "seen.write.half": (1,),
    "seen.sync.before": (1,),
    "seen.rename.before": (1,),
    "seen.rename.after": (1,),
    # bringing a clip home: part, store, record, name
    "part.remove.after": (1, 4),
    "part.write.before": (2,),
    "part.write.half": (1, 7),
    "part.write.after": (3,),
    "part.sync.after": (1, 4),
    "store.copy.before": (2,),
    "store.copy.after": (1,),
    "store.sync.after": (1,),
    "store.rename.before": (1,),
    "store.rename.after": (1, 4),
    "store.sync_folder.after": (1, 4),
    "clip.rename.before": (1, 2, 4),
    "clip.rename.after": (1, 2, 4),
    "clip.sync_folder.after": (1, 4),
    # anywhere
    "any.before": (17, 33, 49, 65, 80),
}

SEEN = {
    "connection accepted": (1, 2, 3),
    "create head": (2,),
    "create before": (1, 2, 4),
    "create after": (1, 2, 4),
    "create first": (3,),
    "create half": (1, 2, 4),
    "create written": (1, 2, 4),
    "list before": (1,),
    "list half": (1,),
    "list written": (1,),
    "retrieve before": (1, 3),
    "retrieve after": (2,),
    "retrieve written": (1, 4),
    "content before": (1,),
    "content first": (1, 4),
    "content half": (1, 4),
    "content written": (1, 2),  # after the last one a run may have ended before the signal reaches it
}

TWICE = [
    # the first life leaves a purchase without an answer; the second dies over what it left
    (("post.after", 2), ("fold.write.half", 1)),
    (("post.after", 2), ("lockfile.rename.after", 1)),
    (("post.after", 2), ("list.after", 1)),
    (("post.sent", 2), ("ledger.write.half", 1)),
    (("post.after", 2), ("lockfile.write.half", 1)),
    (("post.before", 2), ("list.after", 2)),
    (("post.before", 2), ("ledger.write.after", 1)),
    (("post.before", 1), ("post.before", 1)),
    (("post.after", 1), ("post.after", 1)),
    (("ledger.sync.after", 3), ("folder.sync_folder.after", 1)),
    (("ledger.write.half", 3), ("ledger.sync.after", 1)),
    (("lockfile.write.half", 2), ("fold.write.before", 1)),
    (("store.rename.after", 1), ("clip.rename.after", 1)),
    (("clip.rename.before", 1), ("clip.rename.before", 1)),
]

UNANSWERED = [
    ("post.before", 1),
    ("post.before", 4),
    ("post.after", 1),
    ("post.after", 2),
    ("post.after", 4),
    ("ledger.sync.after", 2),
    ("lockfile.write.half", 1),
    ("ledger.write.half", 3),
    ("create head", 1),
    ("create before", 2),
    ("create after", 1),
    ("create after", 4),
    ("create half", 2),
]


def die(it: Stage, name: str, nth: int) -> Ended:
    """One life that ends there, if it comes that far: at a point, or at what the server sees (`create half`)."""
    if " " not in name:
        return it.run("render", "film.yaml", fate=(name, nth))
    on, moment = name.split()

    def threaten(pid: int) -> None:
        it.sandbox.faults.append(Fault(on=On(on), do=Do.KILL, when=Moment(moment), nth=nth, pid=pid))

    ended = it.run("render", "film.yaml", meanwhile=threaten)
    it.sandbox.faults.clear()
    it.lives[-1] += f" by the server, {name}:{nth}"
    return ended
