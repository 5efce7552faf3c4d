"""Shotlock: video batches in git. The architecture on one page.

A person keeps a manifest of shots; `render` turns it into verified clips and a lockfile, and never buys a clip twice.

Data goes one way::

    manifest  ->  plan  ->  execute  ->  report
    (wanted)    (to do)    (doing it)   (telling it)
                  ^            |
                  '---  lock  <'          the facts: read before planning, written during execution

- ``manifest/``  what is wanted. YAML becomes a document with positions; its defects are problems, all shown at once;
  what is left is a batch of shots. A shot's request has a fingerprint, which says "same clip wanted".
- ``lock/``      what happened. A fact is a line; the facts of one attempt join by rank. The lockfile beside the
  manifest and the ledger of this machine are joined at open; every fact goes to the ledger first. The store keeps
  clips by content.
- ``plan/``      what to do. One table from (best fact, clip here, in the store, at the server) to (action, reason).
  Pure.
- ``provider/``  who does it. Profiles are data, and say in what manner a server wants to be spoken to; `Videos` is the
  door to it, `wire` the line; a POST's outcome is classified by evidence.
- ``execute/``   doing it. Intent durable, then one POST, then what became of it durable; a lost answer is reconciled
  by the server's list, or held for a person; jobs are polled; clips are verified, kept, recorded, and only then
  named.
- ``report/``    telling it. Listeners of the executor's events: a live table, plain lines, JSON lines, the summary.
- ``sandbox/``   a stand-in for a provider, with faults, animatics and the dialects of other servers. It imports nothing
  from the other rooms.
- ``commands/``  one file for each command: wiring, nothing else. ``cli.py`` parses, dispatches, and is the error
  boundary.
- ``disk.py clock.py events.py errors.py settings.py``  the doors to the world and the words that all rooms share.

Imports go down only: cli, commands, report, execute, plan, lock | provider, manifest, the shared words.
Where to change what: a rule of the manifest: ``manifest/rules.py``; what happens to a shot: ``plan/table.py``;
what a status or an error means: ``provider/``; when money may be spent: ``execute/purchase.py`` and
``execute/reconcile.py``; how it looks: ``report/``.

Three kinds of bad news: problems are data; a shot's failure is an outcome, and the other shots go on; exceptions only
stop the batch, and are caught once, in ``cli.py``.
"""

__version__ = "0.1.0"
