"""What a list proves about POSTs whose answer was lost: adopted, looked for again, waited with, or left to a person."""

from dataclasses import dataclass
from dataclasses import replace as changed

import pytest

from runner.execute.evidence import (
    POST_MAX,
    SLACK,
    Busy,
    Finding,
    Found,
    Listing,
    Quiet,
    Scene,
    Unclear,
    finding,
    may_be,
    same,
    strangers,
    titles,
    unexplained,
    visible,
)
from runner.lock.facts import Attempt, Owner, State
from runner.manifest.request import Request
from runner.provider.videos import Job
from tests.unit.factories import BORN, make_attempt, make_job, make_owner, make_reference, make_request

SETTLE = 480.0
LOST = make_attempt(State.INTENT, 1)
TWIN = make_attempt(State.INTENT, 2, shot="walk")
ALIEN = make_attempt(State.INTENT, 2, origin=LOST.intent.origin, manifest="another.yaml")
OTHER_REFERENCE = make_attempt(State.INTENT, 2, request=make_request(reference=make_reference()))


def replaced_reference(state: State, **fields: float) -> Attempt:
    """An attempt that a list shows just like the lost one, and that is of another reference."""
    return make_attempt(state, 3, request=make_request(reference=make_reference("b")), **fields)


WINDOW_END = BORN + POST_MAX + SETTLE + SLACK


@dataclass(frozen=True, kw_only=True)
class Case:
    """A list, the attempts that are known, and what is found about the first of them."""

    name: str
    jobs: tuple[Job, ...] = ()
    known: tuple[Attempt, ...] = (LOST,)
    live: frozenset[str] = frozenset()
    found: Finding


def job(id_: str = "video_9", **fields: object) -> Job:
    return make_job(id_, **fields)


CASES = [
    Case(name="nothing is listed", found=Quiet()),
    Case(name="its job is listed", jobs=(job(),), found=Found(job=job())),
    Case(name="among others", jobs=(job("a", prompt="a dog"), job(), job("b", size="1x1")), found=Found(job=job())),
    Case(name="a job that failed is its job too", jobs=(job(status="failed"),), found=Found(job=job(status="failed"))),
    Case(name="seconds as a number", jobs=(job(seconds="8.0"),), found=Found(job=job(seconds="8.0"))),
    # -- jobs that are somebody's
    Case(name="a known job", jobs=(job("video_5"),), known=(LOST, make_attempt(State.SUBMITTED, 5)), found=Quiet()),
    Case(name="a finished job", jobs=(job("video_5"),), known=(LOST, make_attempt(State.DONE, 5)), found=Quiet()),
    Case(name="a failed job", jobs=(job("video_5"),), known=(LOST, make_attempt(State.FAILED, 5)), found=Quiet()),
    Case(
        name="a known job and its own",
        jobs=(job("video_5"), job()),
        known=(LOST, make_attempt(State.SUBMITTED, 5)),
        found=Found(job=job()),
    ),
    # -- more jobs than lost answers
    Case(name="two candidates", jobs=(job("a"), job("b")), found=Unclear(jobs=(job("a"), job("b")))),
    Case(name="as many as attempts", jobs=(job("b"), job("a")), known=(LOST, TWIN), found=Found(job=job("a"))),
    Case(
        name="the oldest candidate is the first attempt's",
        jobs=(job("a", created_at=BORN + 9), job("b")),
        known=(LOST, TWIN),
        found=Found(job=job("b")),
    ),
    Case(
        name="three candidates of two attempts",
        jobs=(job("a"), job("b"), job("c")),
        known=(LOST, TWIN),
        found=Unclear(jobs=(job("a"), job("b"), job("c"))),
    ),
    Case(name="one candidate of two attempts", jobs=(job(),), known=(LOST, TWIN), found=Found(job=job())),
    Case(name="a rival of another manifest", jobs=(job("a"), job("b")), known=(LOST, ALIEN), found=Found(job=job("a"))),
    Case(
        name="attempts that are settled are no rivals",
        jobs=(job("a"), job("b")),
        known=(LOST, make_attempt(State.UNSENT, 2), make_attempt(State.ABANDONED, 3), make_attempt(State.REJECTED, 4)),
        found=Unclear(jobs=(job("a"), job("b"))),
    ),
    Case(
        name="attempts of another request are no rivals",
        jobs=(job("a"), job("b")),
        known=(LOST, make_attempt(State.INTENT, 2, prompt="a dog")),
        found=Unclear(jobs=(job("a"), job("b"))),
    ),
    # -- what a list cannot show
    Case(name="references are not seen", jobs=(job(),), known=(LOST, OTHER_REFERENCE), found=Unclear(jobs=(job(),))),
    Case(
        name="two jobs for two attempts with different references",
        jobs=(job("a"), job("b")),
        known=(LOST, OTHER_REFERENCE),
        found=Unclear(jobs=(job("a"), job("b"))),
    ),
    Case(
        name="one that may be the late job of what was given up, with another reference",
        jobs=(job(),),
        known=(LOST, replaced_reference(State.ABANDONED)),
        found=Unclear(jobs=(job(),)),
    ),
    Case(
        name="what was given up long before is over",
        jobs=(job(),),
        known=(LOST, replaced_reference(State.ABANDONED, at=BORN - 86_400)),
        found=Found(job=job()),
    ),
    Case(
        name="of two equal ones, of which one was given up, either will do",
        jobs=(job(),),
        known=(LOST, make_attempt(State.ABANDONED, 3)),
        found=Found(job=job()),
    ),
    Case(
        name="what was given up at the same time with another prompt",
        jobs=(job(),),
        known=(LOST, make_attempt(State.ABANDONED, 3, prompt="a dog")),
        found=Found(job=job()),
    ),
    Case(
        name="what another reference brought has its own job",
        jobs=(job(),),
        known=(LOST, replaced_reference(State.DONE)),
        found=Found(job=job()),
    ),
    # -- servers that hide or change what they got
    *[
        Case(name=f"{name} {value!r}", jobs=(job(**{name: value}),), found=Unclear(jobs=(job(**{name: value}),)))
        for name, value in (
            ("prompt", ""),
            ("prompt", " "),
            ("size", "1280X720"),
            ("size", "1280*720"),
            ("size", "720p"),
            ("seconds", "8s"),
            ("seconds", ""),
        )
    ],
    Case(name="no prompt", jobs=(job(prompt=None),), found=Unclear(jobs=(job(prompt=None),))),
    Case(name="a prompt in capitals", jobs=(job(prompt=" A  CAT\n"),), found=Unclear(jobs=(job(prompt=" A  CAT\n"),))),
    Case(name="a model by another name", jobs=(job(model="sora-2-0"),), found=Unclear(jobs=(job(model="sora-2-0"),))),
    Case(name="no model", jobs=(job(model=None),), found=Unclear(jobs=(job(model=None),))),
    Case(name="no size", jobs=(job(size=None),), found=Unclear(jobs=(job(size=None),))),
    Case(name="an empty size", jobs=(job(size=""),), found=Unclear(jobs=(job(size=""),))),
    Case(name="no seconds", jobs=(job(seconds=None),), found=Unclear(jobs=(job(seconds=None),))),
    Case(name="seconds that are none", jobs=(job(seconds="8s"),), found=Unclear(jobs=(job(seconds="8s"),))),
    Case(name="no date", jobs=(job(created_at=None),), found=Unclear(jobs=(job(created_at=None),))),
    Case(
        name="one that is sure and one that is not",
        jobs=(job("a"), job("b", prompt=None)),
        known=(LOST, TWIN),
        found=Unclear(jobs=(job("a"), job("b", prompt=None))),
    ),
    Case(
        name="one that is sure and one without a date",
        jobs=(job("a"), job("b", created_at=None)),
        known=(LOST, TWIN),
        found=Unclear(jobs=(job("a"), job("b", created_at=None))),
    ),
    Case(
        name="no date, and something was given up that a list shows alike",
        jobs=(job(created_at=None),),
        known=(LOST, replaced_reference(State.ABANDONED)),
        found=Unclear(jobs=(job(created_at=None),)),
    ),
    # -- jobs that surely are another's
    Case(name="another prompt", jobs=(job(prompt="a dog"),), found=Quiet()),
    Case(name="another size", jobs=(job(size="720x1280"),), found=Quiet()),
    Case(name="another length", jobs=(job(seconds="4"),), found=Quiet()),
    # -- the window
    *[
        Case(name=f"created {at - BORN:+.0f} s", jobs=(job(created_at=at),), found=Found(job=job(created_at=at)))
        for at in (BORN - SLACK, BORN, BORN + SETTLE, WINDOW_END)
    ],
    *[
        Case(name=f"created {at - BORN:+.0f} s", jobs=(job(created_at=at),), found=Unclear(jobs=(job(created_at=at),)))
        for at in (BORN - SLACK - 1, WINDOW_END + 1, 0.0, BORN * 1000)
    ],
    Case(
        name="an old equal job does not hide the new one",
        jobs=(job("old", created_at=BORN - 9999), job()),
        found=Found(job=job()),
    ),
    # -- rivals that are posting just now
    Case(name="an equal POST is live", jobs=(job(),), known=(LOST, ALIEN), live=frozenset({"0002"}), found=Busy()),
    Case(name="an equal POST is live, and nothing listed", known=(LOST, ALIEN), live=frozenset({"0002"}), found=Busy()),
    Case(
        name="a POST that a list might take for an equal one is live",
        jobs=(job(),),
        known=(LOST, make_attempt(State.INTENT, 2, request=make_request("A CAT", model="sora-2-pro"))),
        live=frozenset({"0002"}),
        found=Busy(),
    ),
    Case(
        name="another POST is live",
        jobs=(job(),),
        known=(LOST, make_attempt(State.INTENT, 2, prompt="a dog")),
        live=frozenset({"0002"}),
        found=Found(job=job()),
    ),
    *[
        Case(
            name=f"a POST of the same words and another {what} is live",
            jobs=(job(),),
            known=(LOST, make_attempt(State.INTENT, 2, request=make_request(**{what: other}))),
            live=frozenset({"0002"}),
            found=Found(job=job()),
        )
        for what, other in (("size", "720x1280"), ("seconds", "4"))
    ],
    Case(name="its own POST counts as over", jobs=(job(),), live=frozenset({"0001"}), found=Found(job=job())),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_a_list_says_of_a_lost_answer(case: Case) -> None:
    scene = Scene(everywhere=case.known, live=case.live, settle=SETTLE)
    for jobs in (case.jobs, case.jobs[::-1]):
        found = finding(LOST, Listing(jobs=jobs, whole=True, begun=0.0), scene)
        if isinstance(found, Unclear) and isinstance(case.found, Unclear):
            assert sorted(job.id for job in found.jobs) == sorted(job.id for job in case.found.jobs)
        else:
            assert found == case.found


def test_the_window_of_a_short_settling_is_short() -> None:
    late = job(created_at=BORN + POST_MAX + SLACK + 11)
    listing = Listing(jobs=(late,), whole=True, begun=0.0)
    assert finding(LOST, listing, Scene(everywhere=(LOST,), live=(), settle=10)) == Unclear(jobs=(late,))
    assert finding(LOST, listing, Scene(everywhere=(LOST,), live=(), settle=11)) == Found(job=late)


def test_equal_attempts_that_are_judged_one_after_the_other_get_one_job_each() -> None:
    listing = Listing(jobs=(job("b"), job("a")), whole=True, begun=0.0)
    first = finding(LOST, listing, Scene(everywhere=(LOST, TWIN), live=(), settle=SETTLE))
    assert first == Found(job=job("a"))
    adopted = make_attempt(State.SUBMITTED, 1, job="a")
    assert finding(TWIN, listing, Scene(everywhere=(adopted, TWIN), live=(), settle=SETTLE)) == Found(job=job("b"))


MINE, BEFORE = make_owner(key="now"), make_owner(key="before")


@pytest.mark.parametrize(
    ("mine", "rival", "jobs", "found"),
    [
        (MINE, BEFORE, ("a",), "a"),
        (BEFORE, MINE, ("a",), None),
        (BEFORE, MINE, ("a", "b"), "a"),
        (BEFORE, BEFORE, ("a",), "a"),
        (None, MINE, ("a",), None),
        (None, None, ("a",), "a"),
        (BEFORE, MINE, ("a", "b", "c"), None),
    ],
)
def test_a_job_goes_first_to_what_was_sent_with_the_key_that_lists_it(
    mine: Owner | None, rival: Owner | None, jobs: tuple[str, ...], found: str | None
) -> None:
    """The key was changed between two lost answers of equal shots: the older one took the younger one's job."""
    lost, twin = changed(LOST, owner=mine), changed(TWIN, owner=rival)
    listing = Listing(jobs=tuple(map(job, jobs)), whole=True, begun=0.0)
    told = finding(lost, listing, Scene(everywhere=(lost, twin), live=(), settle=SETTLE, key="now"))
    assert told == Found(job=job(found)) if found else isinstance(told, Unclear)


LONG = "A dog runs along the beach at sunset and looks back"


@pytest.mark.parametrize(
    ("shown", "may"),
    [*((LONG[:30] + end, True) for end in ("", "…", "...")), (LONG[:9], True), ("...", False), (LONG[2:], False)],
)
def test_a_prompt_that_a_list_cuts_may_be_the_one_that_was_sent(shown: str, may: bool) -> None:
    assert may_be(job(prompt=shown), make_request(LONG)) is may
    assert not same(job(prompt=shown), make_request(LONG))


# -- jobs that nobody remembers


@dataclass(frozen=True, kw_only=True)
class Strange:
    """A list and what is known, and which jobs nothing explains."""

    name: str
    jobs: tuple[Job, ...] = (make_job("a"),)
    known: tuple[Attempt, ...] = ()
    ids: tuple[str, ...] = ()


STRANGE = [
    Strange(name="nothing is listed", jobs=()),
    Strange(name="nobody knows it", ids=("a",)),
    Strange(name="a fact has it", known=(make_attempt(State.DONE, job="a"),)),
    Strange(name="any manifest's fact", known=(make_attempt(State.SUBMITTED, job="a", manifest="another.yaml"),)),
    Strange(name="a lost answer may be it", known=(LOST,)),
    Strange(name="more than lost answers", jobs=(job("a"), job("b")), known=(LOST,), ids=("a", "b")),
    Strange(name="as many as lost answers", jobs=(job("a"), job("b")), known=(LOST, TWIN)),
    Strange(name="a lost answer of another request", known=(make_attempt(prompt="a dog"),), ids=("a",)),
    Strange(name="what was proven unsent explains nothing", known=(make_attempt(State.UNSENT),), ids=("a",)),
    Strange(name="what was given up explains nothing", known=(make_attempt(State.ABANDONED),), ids=("a",)),
    Strange(name="it failed", jobs=(job("a", status="failed"), job("b", status="cancelled"))),
    Strange(name="it is on its way", jobs=(job("a", status="in_progress"),), ids=("a",)),
    Strange(name="its clip has expired", jobs=(job("a", status="expired"),), ids=("a",)),
    Strange(name="it is old", jobs=(job("a", created_at=0.0),), ids=("a",)),
    Strange(name="it has no date", jobs=(job("a", created_at=None),), ids=("a",)),
    Strange(name="another request", jobs=(job("a", prompt="a dog"), job("b", seconds="4"))),
    *[
        Strange(name=f"a prompt that is {prompt!r} is no reason to hold everything", jobs=(job("a", prompt=prompt),))
        for prompt in (None, "", " ")
    ],
    *[
        Strange(name=f"{name} {value!r}", jobs=(job("a", **{name: value}),), ids=("a",))
        for name, value in (
            ("model", "sora-2-2025-10-06"),
            ("model", None),
            ("size", None),
            ("size", "1280X720"),
            ("seconds", None),
            ("seconds", "8s"),
            ("prompt", "A cat"),
            ("prompt", "a  cat\n"),
        )
    ],
    Strange(name="another size", jobs=(job("a", size="720x1280"),)),
    Strange(
        name="an attempt that a list might take for it explains it",
        known=(make_attempt(request=make_request("A CAT", model="sora-2-pro")),),
    ),
]


@pytest.mark.parametrize("case", STRANGE, ids=[case.name for case in STRANGE])
def test_which_jobs_nothing_explains(case: Strange) -> None:
    listing = Listing(jobs=case.jobs, whole=True, begun=0.0)
    assert tuple(job.id for job in unexplained(make_request(), strangers(listing, case.known))) == case.ids


# -- equality


def test_a_list_does_not_see_references_and_fields_of_a_request() -> None:
    plain = make_request()
    assert _seen(plain) == _seen(make_request(reference=make_reference())) == _seen(make_request(extra={"seed": 7}))
    assert visible(LOST) == visible(OTHER_REFERENCE)
    for other in ({"prompt": "a dog"}, {"model": "m"}, {"size": "720x1280"}, {"seconds": "4"}):
        assert _seen(plain) != _seen(make_request(**other))


@pytest.mark.parametrize(
    "change", [{"prompt": "A cat"}, {"prompt": None}, {"model": None}, {"size": ""}, {"seconds": None}]
)
def test_what_may_be_the_same_is_not_taken_for_it(change: dict[str, object]) -> None:
    assert same(make_job(), make_request())
    assert not same(changed(make_job(), **change), make_request())
    assert may_be(changed(make_job(), **change), make_request())


def test_many_jobs_are_named_shortly() -> None:
    jobs = [make_job(letter) for letter in "abcde"]
    assert titles(jobs[:1]) == "a"
    assert titles(jobs[:3]) == "a, b, c"
    assert titles(jobs) == "a, b, c and 2 more"
    assert titles({each.id: each for each in jobs[:2]}) == "a, b"


def _seen(request: Request) -> tuple[str, str, str, str]:
    return visible(make_attempt(request=request))
