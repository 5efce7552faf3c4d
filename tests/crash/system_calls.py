"""What a process asked the kernel for, as strace tells it: written, made durable, sent and renamed, and when."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TRACED = "fsync,fdatasync,write,sendto,sendmsg,rename,renameat,renameat2,mkdir,mkdirat,openat"
_LINE = re.compile(r"(?P<pid>\d+)\s+(?P<rest>.*)")
_WHOLE = re.compile(r"(?P<name>\w+)\((?P<told>.*)\)\s+= (?P<result>-?\d+|\?).*")
_BEGUN = re.compile(r"(?P<name>\w+)\((?P<told>.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<told>.*)\)\s+= (?P<result>-?\d+|\?).*")
_OF_A_FILE = re.compile(r"\d+<(?P<path>[^>]*)>")


@dataclass(slots=True, kw_only=True)
class Call:
    """One system call; times are lines of the trace."""

    name: str
    told: str  # its arguments, with the names of files behind their numbers
    begun: int
    ended: int = -1  # not before it failed or succeeded
    result: str = "?"

    @property
    def path(self) -> str:
        """Of the open file that it is about."""
        match = _OF_A_FILE.match(self.told)
        return match["path"] if match else ""


class Trace:
    """All calls, in the order in which they began."""

    def __init__(self, text: str) -> None:
        self.calls = sorted(_calls(text.splitlines()), key=lambda call: call.begun)

    def of(self, *names: str) -> Iterator[Call]:
        """Those of some names that succeeded."""
        return (call for call in self.calls if call.name in names and not call.result.startswith(("-", "?")))

    def durable(self, path: Path, *words: str) -> int:
        """When a write with these words into a file was made durable for the first time. AssertionError if never."""
        writes = [call for call in self.of("write") if _holds(call, path, words)]
        assert writes, f"{words} were never written to {path}"
        return self.synced(path, after=writes[0].ended)

    def written(self, path: Path, *words: str) -> int:
        """When a write with these words began."""
        return next(call.begun for call in self.of("write") if _holds(call, path, words))

    def synced(self, path: Path, *, after: int) -> int:
        """When a file or folder was durable, by a sync that began after a time. AssertionError if it never was."""
        syncs = [call for call in self.of("fsync", "fdatasync") if call.path == str(path) and call.begun > after]
        assert syncs, f"{path} was not synced after line {after}"
        return syncs[0].ended

    def sent(self, *words: str) -> list[Call]:
        """What was sent on sockets with these words."""
        return [call for call in self.of("sendto", "sendmsg", "write") if all(word in call.told for word in words)]


def traced(command: Sequence[str], *, folder: Path, environ: Mapping[str, str], log: Path) -> Trace | str:
    """Run a command to its end under strace; or say why that cannot be had here."""
    if shutil.which("strace") is None:
        return "strace is not installed: `apt-get install strace`, or what your system calls it"
    strace = ["strace", "-f", "-qq", "-y", "-s", "10000", "-e", f"trace={_TRACED}", "-o", str(log)]
    done = subprocess.run(
        [*strace, *command], cwd=folder, env=environ, capture_output=True, text=True, timeout=100, check=False
    )
    if not log.exists() or "ptrace" in done.stderr or "Operation not permitted" in done.stderr:
        return f"processes may not be traced here: {done.stderr[-300:]}"
    assert done.returncode == 0, done.stderr
    text = log.read_text(encoding="utf-8", errors="replace")
    log.unlink()  # the key was sent to the server, so it is in there
    return Trace(text)


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    begun: dict[str, Call] = {}
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(line)
        assert match, line
        pid, rest = match["pid"], match["rest"]
        if whole := _WHOLE.fullmatch(rest):
            yield Call(
                name=whole["name"], told=_plain(whole["told"]), begun=number, ended=number, result=whole["result"]
            )
        elif start := _BEGUN.fullmatch(rest):
            begun[pid] = Call(name=start["name"], told=_plain(start["told"]), begun=number)
        elif (end := _RESUMED.fullmatch(rest)) and pid in begun:
            call = begun.pop(pid)
            call.told += _plain(end["told"])
            call.ended, call.result = number, end["result"]
            yield call


def _plain(told: str) -> str:
    return told.replace('\\"', '"')


def _holds(call: Call, path: Path, words: Sequence[str]) -> bool:
    return call.path == str(path) and all(word in call.told for word in words)
