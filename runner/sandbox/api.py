"""The provider's API: what each call does and answers. Knows nothing of connections and faults."""

from dataclasses import dataclass, replace
from secrets import compare_digest
from typing import Final, assert_never

from runner.sandbox.calls import Call, Kind
from runner.sandbox.clip import Clip
from runner.sandbox.clock import Clock
from runner.sandbox.dialect import Dialect
from runner.sandbox.forms import read_form
from runner.sandbox.job import Job
from runner.sandbox.jobs import Jobs
from runner.sandbox.ledger import Ledger
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.order import Order, read_order, read_prompt
from runner.sandbox.refusal import (
    Refusal,
    no_clip,
    no_key,
    not_ready,
    unknown_route,
    unsupported,
    wrong_key,
    wrong_method,
)
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.studio import Studio

_PAGE: Final = 20
_LARGEST_PAGE: Final = 100
_SHOT_LIMIT: Final = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply, and the job that came into being with it."""

    reply: Reply
    bought: Job | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The calls, over the jobs of one server."""

    rules: Rules
    pace: Pace
    clock: Clock
    jobs: Jobs
    studio: Studio
    ledger: Ledger
    dialect: Dialect

    def answer(self, call: Call, request: Request, *, lag: float = 0.0, page: int | None = None) -> Answer:
        """Do what is asked; a refusal is an answer too.

        Args:
            lag: how old a job must be for the list to show it, in seconds.
            page: how many jobs a page of the list has at most, whatever was asked.
        """
        try:
            return self._answer(call, request, lag, page or _LARGEST_PAGE)
        except Refusal as refusal:
            if refusal.status == 429:
                self.ledger.note_too_many()
            return Answer(reply=self.dialect.refused(refusal, call))

    def prompt_of(self, call: Call, request: Request) -> str:
        """The prompt that a call is about, empty where there is none to be read."""
        job = self.jobs.get(call.job)
        if job is not None:
            return job.order.prompt
        try:
            return read_prompt(read_form(request), self.rules)
        except Refusal:
            return ""

    def _answer(self, call: Call, request: Request, lag: float, page: int) -> Answer:
        self._let_in(call, request)
        match call.kind:
            case Kind.CREATE:
                shot = request.header("x-shot-id")[:_SHOT_LIMIT]
                return self._buy(read_order(self.dialect.form(read_form(request)), self.rules, shot=shot))
            case Kind.REMIX:
                return self._buy(self._remix(call, request))
            case Kind.RETRIEVE:
                return Answer(reply=self._retrieve(call))
            case Kind.LIST:
                return Answer(reply=self._list(call, lag, page))
            case Kind.CONTENT:
                return Answer(reply=self._content(call, request))
            case Kind.DELETE:
                return Answer(reply=self._delete(call))
            case Kind.UNKNOWN | Kind.CONTROL:
                raise unknown_route(request.head.method, request.head.target)
            case _:
                assert_never(call.kind)

    def _let_in(self, call: Call, request: Request) -> None:
        if call.allowed or (call.kind is Kind.DELETE and Kind.DELETE not in self.dialect.routes):
            raise wrong_method(request.head.method, call.path, call.allowed or ("GET",))
        if call.kind not in self.dialect.routes or (call.kind is Kind.LIST and not self.rules.lists):
            raise unknown_route(request.head.method, request.head.target)
        if not self.rules.auth:
            return
        key = self.dialect.key_of(request)
        if not key:
            raise no_key()
        if self.rules.key is not None and not compare_digest(key.encode(), self.rules.key.encode()):
            raise wrong_key()

    def _buy(self, order: Order) -> Answer:
        job = self.jobs.admit(order, self.pace)
        self.ledger.bill(job, running=self.jobs.running(), now=self.clock.now())
        self.studio.begin(job)
        return Answer(reply=self.dialect.created(job, self.rules), bought=job)

    def _remix(self, call: Call, request: Request) -> Order:
        source = self.jobs.find(call.job)
        prompt = read_prompt(read_form(request), self.rules)
        self._clip(source)
        shot = request.header("x-shot-id")[:_SHOT_LIMIT]
        return replace(source.order, prompt=prompt, remix_of=source.id, shot=shot)

    def _retrieve(self, call: Call) -> Reply:
        job = self.jobs.find(call.job)
        state = job.state(self.clock.now())
        reply, again = self.dialect.retrieved(job, state, self.rules), self.pace.poll_after
        if not state.running or again is None:
            return reply
        return replace(reply, headers={**reply.headers, "openai-poll-after-ms": str(round(again * 1000))})

    def _list(self, call: Call, lag: float, most: int) -> Reply:
        query = call.query
        limit = query.get("limit", str(_PAGE))
        order = query.get("order", "desc")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 0 < int(limit) <= _LARGEST_PAGE):
            message = f"Invalid 'limit': expected an integer from 1 to {_LARGEST_PAGE}."
            raise Refusal(message, code="invalid_value", param="limit")
        if order not in {"asc", "desc"}:
            raise unsupported("order", order[:100], ("asc", "desc"))
        newest_first = order == "desc"
        count = min(int(limit), most)
        page = self.jobs.page(after=query.get("after", ""), limit=count, newest_first=newest_first, lag=lag)
        now = self.clock.now()
        told = [self.dialect.shown(job, job.state(now), self.rules) for job in page.jobs]
        return json_reply(self.dialect.page(told, more=page.more, call=call))

    def _content(self, call: Call, request: Request) -> Reply:
        job = self.jobs.find(call.job)
        return self.dialect.clip(job, self._clip(job), call, request)

    def _delete(self, call: Call) -> Reply:
        job = self.jobs.find(call.job)
        state = job.state(self.clock.now())
        if state.running:
            message = f"Video with id '{job.id}' is still running, only a completed or failed video can be deleted."
            raise Refusal(message, code="video_running")
        self.jobs.remove(job)
        self.studio.discard(job)
        return self.dialect.deleted(job, state, self.rules)

    def _clip(self, job: Job) -> Clip:
        state = job.state(self.clock.now())
        if state.running:
            raise not_ready()
        if self.jobs.expired(job):
            raise no_clip(job.id, "video_expired")
        if state.status != "completed" or not isinstance(job.result, Clip):
            raise no_clip(job.id, "video_failed")
        return job.result
