"""The way home from an image: a new life, with the server's list or without it, a person's word, and a rest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from runner.errors import Stop
from runner.events import Ending
from runner.execute.execution import Report
from runner.execute.verdict import adopted, given_up
from runner.lock.facts import State
from runner.plan.ownership import last_owner
from tests.crash.images import judge
from tests.crash.images.film import Film, Life, open_memory, wish
from tests.crash.images.line import Books, Line, server_at
from tests.crash.images.recording import Moment
from tests.crash.images.tree import Image, Tree
from tests.crash.images.tree_disk import TreeDisk
from tests.crash.simulation.loop import VirtualClock, VirtualLoop

LATE = 200.0  # seconds after which a POST arrives, though its process is dead
_A_WHILE = 3600.0  # seconds after which a person looks what became of a POST


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What became of a POST that was on its way."""

    name: str
    books: Books
    late: bool = False


def arrivals(moment: Moment) -> Iterator[Arrival]:
    """Everything that may have become of the POST in flight, if there is one."""
    yield Arrival(name="as it is", books=moment.books)
    if moment.flight and not moment.flight.billed:
        yield Arrival(name="arrived", books=moment.books.with_job(moment.flight.request, moment.at))
        yield Arrival(name="arrives late", books=moment.books, late=True)


@dataclass(kw_only=True)
class Recovery:
    """One way home."""

    film: Film
    image: Image
    moment: Moment
    arrival: Arrival
    lists: bool
    found: list[str] = field(default_factory=list)  # what is wrong
    lives: int = 0

    def play(self) -> list[str]:
        """What is wrong with it; empty where nothing is."""
        self._loop = VirtualLoop()
        self._loop.jump(self.moment.at + 1.0)
        self._tree = Tree.of(self.image)
        self._server = server_at(self._loop, self.arrival.books, lists=self.lists)
        if self.arrival.late and self.moment.flight:
            self._server.late.append((self._server.clock.true_time() + LATE, self.moment.flight.request))
        try:
            self._go_home()
        except (Stop, RuntimeError) as error:
            self.found.append(f"I9: {type(error).__name__}: {error}")
        finally:
            self._loop.close()
        return self.found

    def _go_home(self) -> None:
        before = judge.facts_of(self.image)
        open_ = {
            shot: "its POST is unconfirmed"
            for each in before.values()
            for shot in (each.intent.shot, last_owner(each))
            if each.state is State.INTENT
        }
        report = self._life({} if self.lists else open_)
        self._judge(judge.of_memory(before, self._tree.image))
        held = [each.shot for each in report.outcomes if each.ending is Ending.HELD]
        if held and not self.found:
            self._rest(posts_only=True)
            self._decide(held)
            self._life({})
        self._judge(judge.of_end(self._tree.image, self._server, self.film))
        clips = judge.clips_of(self._server.books)
        self._judge(judge.of_image(self._tree.image, self.moment.promise, self.film, clips))
        self._rest(posts_only=False)

    def _life(self, may_be_held: Mapping[str, str]) -> Report:
        self.lives += 1
        self._line = Line(self._server, tick=lambda what: None)
        life = Life(
            disk=TreeDisk(self._tree),
            videos=self._line,
            loop=self._loop,
            film=self.film,
            complete=self.lists,
            number=100 + self.lives,
        )
        report = life.lead()
        self._judge(judge.of_ending(report, may_be_held))
        self._judge(judge.of_bills(self._server, self.film))
        return report

    def _rest(self, *, posts_only: bool) -> None:
        """Say the same again."""
        before, posts = self._tree.image, self._server.posts
        held = {} if not posts_only else {shot.id: "it still is" for shot in self.film.shots}
        self._life(held)
        calls = 0 if posts_only else self._line.calls
        self._judge(judge.of_rest(before, self._tree.image, calls=calls, posts=self._server.posts - posts))

    def _decide(self, shots: Iterable[str]) -> None:
        """A person looks what the server has, and says so."""
        self._loop.jump(_A_WHILE)
        now = VirtualClock(self._loop).now()
        memory = open_memory(TreeDisk(self._tree), self.film)
        open_ = [each for each in memory.attempts.values() if each.state is State.INTENT and last_owner(each) in shots]
        for attempt in sorted(open_, key=lambda each: each.id):
            known = {job for each in memory.ledger.attempts.values() for job in each.jobs}
            jobs = [job for job in self._server.look() if job.id not in known]
            mine = [job.id for job in jobs if wish(job.request) == wish(attempt.intent.request)]
            memory.record(adopted(attempt, mine[0], now) if mine else given_up(attempt, now, resubmit=True))

    def _judge(self, complaints: Iterable[str]) -> None:
        self.found += complaints
