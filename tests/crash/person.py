"""What a person does who finds shots held: looks at the account's own page, and says which job it is, or buys again."""

import time

from runner.lock.facts import State, join_all
from runner.lock.scan import scan
from tests.crash.stage import Stage

_RESUMES = 8
_PATIENCE = 20.0  # seconds for a server to end what a dead run left


def decide(it: Stage, *, patient: bool = False) -> list[str]:
    """Decide about every shot whose purchase is unconfirmed; what goes wrong. The patient leave a single one open."""
    held = unconfirmed(it)
    if patient and len(held) < 2:
        return []
    complaints = _wait_for_silence(it) if held else []
    for shot in held:
        complaints += _decided(it, shot)
    return complaints


def come_home(it: Stage) -> list[str]:
    """Say the plain command, and decide what is held, until all is done; what is wrong then."""
    for _ in range(_RESUMES):
        ended = it.run("render", "film.yaml")
        if ended.code == 0:
            return it.incomplete() + it.restless() + it.violations() + it.leaks()
        if complaints := decide(it):
            return complaints
    return [f"it is not done after {_RESUMES} resumes", *it.violations()]


def unconfirmed(it: Stage) -> list[str]:
    """The shots of which lockfile and ledger do not know whether they were bought."""
    attempts = join_all(record for path in it.books() for record in scan(path.read_bytes()).records)
    return sorted({each.intent.shot for each in attempts.values() if each.state is State.INTENT})


def _wait_for_silence(it: Stage) -> list[str]:
    """Wait until the server has dealt with all that was sent to it: only then its page tells the truth."""
    until = time.monotonic() + _PATIENCE
    it.knock()
    while it.sandbox._talks:
        if time.monotonic() > until:
            return ["the server still talks to a dead run"]
        time.sleep(0.01)
    return []


def _decided(it: Stage, shot: str) -> list[str]:
    job = it.job_of(shot)
    until = time.monotonic() + _PATIENCE
    while True:
        ended = it.run("resolve", "film.yaml", shot, *(["--adopt", job] if job else ["--resubmit"]))
        if ended.code == 0:
            return []
        if "does not know job" not in ended.stderr or time.monotonic() > until:  # it may show it a little later
            return [f"`resolve` of {shot} ended with {ended.code}: {ended.stderr}"]
        time.sleep(0.2)
