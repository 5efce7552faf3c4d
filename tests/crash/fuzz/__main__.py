"""Try N cases of each kind, and print what came of them."""

import argparse
import os
import pickle
import sys
import tempfile
import warnings
from pathlib import Path

from tests.crash.fuzz import images, lockfiles, manifests, replies
from tests.crash.fuzz.bench import Case, Findings, tried
from tests.crash.fuzz.servers import table

KINDS: dict[str, Case] = {
    "manifests": manifests.case,
    "lockfiles": lockfiles.case,
    "replies": replies.case,
    "images": images.case,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.fuzz", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=1000, help="cases of each kind (default: 1000)")
    parser.add_argument("--only", choices=(*KINDS, "servers"), help="one kind")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = []
    for kind in (asked.only,) if asked.only else KINDS:
        if kind != "servers":
            findings = _apart(kind, range(asked.first, asked.first + asked.number))
            print(findings.line, flush=True)
            wrong += findings.wrong
    if asked.only in (None, "servers"):
        wrong += table()
    print(*wrong, sep="\n\n", end="\n" if wrong else "")
    return 1 if wrong else 0


def _apart(kind: str, numbers: range) -> Findings:
    """Try them in a process of their own, so that its memory is theirs."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with tempfile.TemporaryDirectory(prefix="fuzz-") as name, os.fdopen(writing, "wb") as out:
                pickle.dump(tried(kind, KINDS[kind], numbers, Path(name)), out)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        data = told.read()
    _, status = os.waitpid(pid, 0)
    if not data:
        return Findings(kind, wrong=[f"{kind}: the process ended with {os.waitstatus_to_exitcode(status)}"])
    found: Findings = pickle.loads(data)
    return found


if __name__ == "__main__":
    sys.exit(main())
