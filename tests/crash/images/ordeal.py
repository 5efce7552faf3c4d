"""Runs that meet with trouble, judged as they end; then a healthy one, which must complete what they began."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from runner import cli
from runner.disk import replace_whole
from runner.errors import ExitCode
from runner.events import Event, Said
from runner.execute.execution import Report
from runner.lock.facts import State, join_all
from runner.lock.lockfile import folded
from runner.lock.scan import scan
from runner.report.summary import summary
from runner.settings import Settings
from tests.crash.images import judge
from tests.crash.images.film import LOCKFILE, MANIFEST, RENDERS, Film, Life, Wish, empty_tree, wish
from tests.crash.images.line import Books, server_at
from tests.crash.images.recording import Moment, Promise
from tests.crash.images.recovery import Arrival, Recovery
from tests.crash.images.theirs import JOB_OF_THEIRS
from tests.crash.images.tree_disk import TreeDisk
from tests.crash.images.trouble import FROM_THERE_ON, KILL, Fate, Killed, TroubledDisk, TroubledLine
from tests.crash.simulation.loop import VirtualLoop

CANCELLED = -1
DEAD = -2
_MOST_LIVES = 4
_NO_SETTINGS = Settings(base_url=None, key=None, state_home="/nowhere", goals="")
_CACHES = ("seen.json", "seen.json.new")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run with trouble ended, as its caller and its screen tell."""

    code: int
    said: str


@dataclass(kw_only=True)
class Ordeal:
    """Everything from the first run to rest."""

    film: Film
    troubles: Mapping[int, str]
    lists: bool = True
    found: list[str] = field(default_factory=list)
    endings: list[Ended] = field(default_factory=list)

    def play(self) -> list[str]:
        """What is wrong with it; empty where nothing is."""
        self._loop, self._tree = VirtualLoop(), empty_tree()
        self._server = server_at(self._loop, Books(), lists=self.lists)
        self.fate, self._sent = Fate(self.troubles), Counter[Wish]()
        try:
            for _ in range(_MOST_LIVES):
                self.endings.append(self._run(self.fate.next_life()))
                self._judge_run(self.endings[-1])
                if self.fate.over or self.endings[-1].code in (ExitCode.DONE, ExitCode.UNFINISHED):
                    break
            self.fate.next_life()
            self._heal()
        finally:
            self._loop.close()
        return self.found

    def _run(self, number: int) -> Ended:
        self._bought_when_failed: int | None = None
        self._said: list[str] = []
        self._line = line = TroubledLine(self._server, self.fate, number)
        disk = TroubledDisk(self._tree, self.fate, number, self._disk_failed)
        life = Life(
            disk=disk,
            videos=line,
            loop=self._loop,
            film=self.film,
            complete=self.lists,
            number=number,
            listen=self._hear,
        )
        line.life = life
        code = self._code_of(life)
        self._sent.update(line.sent)
        return Ended(code=code, said="\n".join(self._said))

    def _code_of(self, life: Life) -> int:
        """The exit code, by way of the command's own error boundary."""
        screen = StringIO()
        try:
            with redirect_stderr(screen), patch.object(cli, "_bug", _raised):
                return cli._guarded(lambda: self._summed_up(life), _NO_SETTINGS)
        except asyncio.CancelledError:
            return CANCELLED
        except Killed:
            return DEAD
        except Exception as bug:
            self._said.append(f"{type(bug).__name__}: {bug}")
            return ExitCode.BUG
        finally:
            self._said.append(screen.getvalue())

    def _summed_up(self, life: Life) -> int:
        report: Report = life.lead()
        self._said.append(summary(report, life.plan, manifest=MANIFEST.name, preview=False, renders=RENDERS))
        return report.exit_code

    def _hear(self, event: Event) -> None:
        if isinstance(event, Said):
            self._said.append(event.text)

    def _disk_failed(self, what: str, path: Path) -> None:
        if self._bought_when_failed is None and not path.name.endswith(_CACHES):
            self._bought_when_failed = self._line.begun

    def _judge_run(self, ended: Ended) -> None:
        complaints = []
        if ended.code == ExitCode.STOPPED and ("error: " not in ended.said or "hint: " not in ended.said):
            complaints.append(f"it does not say what is wrong, and what to do: {ended.said}")
        if ended.code == ExitCode.BUG or "Traceback" in ended.said:
            complaints.append(f"a bug of ours: {ended.said}")
        if self._bought_when_failed not in (None, self._line.begun):
            complaints.append("it went on buying when the disk had failed")
        complaints += judge.of_bills(self._server, self.film)
        if self.fate.over and len(self.fate.met) == 1 and not self._may_be_unknown():
            complaints += self._open_intents()
        known = {job for each in judge.facts_of(self._tree.image).values() for job in each.jobs}
        lost = [job.id for job in self._server.look() if job.id not in known and job.id not in ended.said]
        if lost and not self._may_be_unknown():
            complaints.append(f"I2: {lost} was bought, and no file and no screen has it")
        self.found += complaints

    def _open_intents(self) -> Iterator[str]:
        """Where a disk failed once, whatever was not sent is known not to have been sent."""
        if self.fate.met[0][1].endswith(FROM_THERE_ON):
            return
        facts = judge.facts_of(self._tree.image).values()
        open_ = Counter(wish(each.intent.request) for each in facts if each.state is State.INTENT)
        for wanted in open_ - self._sent:
            yield f"I8: an intent of {wanted[1]} is open, and nothing was sent"

    def _may_be_unknown(self) -> bool:
        """Whether an answer may have been lost on its way to us."""
        return any(point.door == "http" or kind == KILL for point, kind in self.fate.met)

    def _heal(self) -> None:
        self._fold_by_hand()
        image, books = self._tree.image, Books(jobs=tuple(self._server.look()), polled=frozenset(self._server.polled))
        moment = Moment(
            number=0,
            what="trouble",
            at=self._loop.time(),
            books=books,
            flight=None,
            promise=Promise(jobs=frozenset({JOB_OF_THEIRS} if self._met("lockfile in conflict") else ())),
            images=(),
            tree=None,
        )
        arrival = Arrival(name="as it is", books=books)
        recovery = Recovery(film=self.film, image=image, moment=moment, arrival=arrival, lists=self.lists)
        self.found += recovery.play()

    def _met(self, kind: str) -> bool:
        return any(met == kind for _, met in self.fate.met)

    def _fold_by_hand(self) -> None:
        """A person resolves a conflict as `lock fold` does."""
        kept = self._tree.files.get(LOCKFILE)
        if kept and any(bad.marker for bad in scan(kept.data).bad):
            records = join_all(scan(kept.data).records).values()
            replace_whole(TreeDisk(self._tree), LOCKFILE, folded(records))


def _raised(error: Exception, settings: Settings) -> int:
    raise error
