from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from runner.errors import ExitCode, QuotaUsedUp
from runner.events import Ending
from runner.lock.facts import State
from runner.plan.table import Action, Reason
from runner.report.summary import summary
from tests.unit.report_factory import make_attempt, make_outcome, make_plan, make_report, make_step

SHOTS = ("harbour", "stairs", "alley")
BOUGHT = make_plan(*(make_step(shot) for shot in SHOTS))
RESOLVE = "shotlock resolve film.yaml {} --adopt JOB_ID | --resubmit | --abandon"


def words(*outcomes, plan=BOUGHT, preview=False, manifest="film.yaml", attempts=None, **fields):
    report = make_report(*outcomes, **fields)
    return summary(report, plan, manifest=manifest, preview=preview, renders="renders/film", attempts=attempts)


def test_nothing_to_do_is_one_line():
    kept = [make_step(shot, Action.KEEP, Reason.UP_TO_DATE) for shot in SHOTS]
    outcomes = [make_outcome(shot, Ending.KEPT) for shot in SHOTS]
    assert words(*outcomes, plan=make_plan(*kept)) == "nothing to do: 3 clips are there\n"
    assert words(*outcomes[:1], plan=make_plan(kept[0])) == "nothing to do: 1 clip is there\n"
    assert words(*outcomes, plan=make_plan(*kept), preview=True) == "nothing to do: 3 previews are there\n"


def test_previews_end_with_what_to_do_next():
    outcomes = [make_outcome(shot, cost=Decimal(0)) for shot in SHOTS]
    assert words(*outcomes, preview=True, manifest="my film.yaml") == dedent("""\
        3 previews are there, in renders/film

        next:
          change a line and say the same again: only that shot is made anew
          see the price: shotlock plan 'my film.yaml', or make plan 'my film.yaml'
          buy the clips: set OPENAI_BASE_URL and OPENAI_API_KEY, then say the same again (without --preview)
    """)


def test_a_paid_run_tells_what_it_cost():
    outcomes = [*(make_outcome(shot) for shot in SHOTS[:2]), make_outcome("alley", Ending.RESTORED)]
    assert words(*outcomes, make_outcome("rain", Ending.KEPT)) == dedent("""\
        4 clips are there, in renders/film (2 new, 1 restored, 1 kept)
        the new clips cost $1.60 at most

        change a line and say the same again: only that shot is made anew
    """)


@pytest.mark.parametrize(
    ("attempts", "cost", "line"),
    [
        ([make_attempt("a", State.DONE), make_attempt("b", State.INTENT, 2)], "0.80",
         "this run cost $0.80 at most, all runs together $1.60"),
        ([make_attempt("a", State.DONE), make_attempt("b", State.REJECTED, 2)], "0",
         "this run cost nothing, all runs together $0.80"),
        ([make_attempt("a", State.DONE, price=None)], "0", "what was spent is not known: some price is not"),
    ],
)  # fmt: skip
def test_the_facts_tell_the_whole_cost(attempts, cost, line):
    plan = make_plan(make_step())
    assert words(make_outcome(), plan=plan, attempts=attempts, cost=Decimal(cost)).splitlines()[1] == line


def test_what_costs_nothing_is_not_spoken_of():
    line = "change a line and say the same again: only that shot is made anew"
    assert words(make_outcome(cost=Decimal(0))).splitlines()[1:] == ["", line]
    assert words(make_outcome(), attempts=[make_attempt(price=Decimal(0))]).splitlines()[1:] == ["", line]


def test_an_unknown_cost_is_said():
    assert words(make_outcome(cost=None)).splitlines()[1] == "what was spent is not known: some price is not"


def test_every_shot_without_a_clip_is_told_with_its_hint_the_worst_first():
    text = words(
        make_outcome("harbour"),
        make_outcome("rain", Ending.PENDING, "not bought: this run was limited to 1"),
        make_outcome("stairs", Ending.HELD, "no answer", hint=RESOLVE.format("stairs")),
        make_outcome("walk", Ending.HELD, "none \x1b[2Jeither", hint=RESOLVE.format("walk")),
        make_outcome("alley", Ending.FAILED, "the job failed: no", hint="change the shot"),
    )
    assert text == dedent("""\
        1 of 5 clips are there, in renders/film
        the new clips cost $0.80 at most

        failed   alley: the job failed: no
                 hint: change the shot
        held     stairs: no answer
                 hint: shotlock resolve film.yaml stairs --adopt JOB_ID | --resubmit | --abandon
        held     walk: none either
                 hint: shotlock resolve film.yaml walk --adopt JOB_ID | --resubmit | --abandon
        pending  rain: not bought: this run was limited to 1
                 all unconfirmed ones: shotlock resolve film.yaml --all --resubmit | --abandon

        say the same again: it goes on where it stopped, and nothing is bought twice
    """)


def test_a_command_that_goes_on_names_every_shot_of_its_entry():
    held = [make_outcome(f"s{n}", Ending.HELD, "expired", hint=f"shotlock retake film.yaml s{n}") for n in range(5)]
    assert words(*held).splitlines()[2:4] == [
        "held     s0, s1, s2 and 2 more: expired",
        "         hint: shotlock retake film.yaml s0 s1 s2 s3 s4",
    ]
    many = [make_outcome(f"s{n}", Ending.HELD, "expired", hint=f"shotlock retake film.yaml s{n}") for n in range(50)]
    assert words(*many).splitlines()[3] == "         hint: shotlock retake film.yaml s0"
    others = [make_outcome(f"s{n}", Ending.HELD, "lost", hint="look at the account's page") for n in range(5)]
    assert words(*others).splitlines()[3] == "         hint: look at the account's page"


def test_what_must_be_mended_first_is_said():
    last = words(make_outcome("harbour"), make_outcome("alley", Ending.FAILED, "no")).splitlines()[-1]
    assert last == "what is there stays: once the rest is mended or decided, say the same again"


def test_an_interrupted_run_tells_what_goes_on():
    bought = make_outcome("stairs", Ending.PENDING, "job video_2 goes on at the server; the next run fetches it")
    unbought = [make_outcome(f"s{n}", Ending.PENDING, "not bought: the run was interrupted") for n in range(200)]
    assert words(bought, *unbought, signal=ExitCode.INTERRUPTED) == dedent("""\
        interrupted: 0 of 201 clips are there

        pending  stairs: job video_2 goes on at the server; the next run fetches it
        pending  s0, s1, s2 and 197 more: not bought: the run was interrupted

        say the same again: it goes on where it stopped, and nothing is bought twice
    """)


def test_what_stopped_the_run_is_told_once_and_last():
    unbought = [make_outcome(shot, Ending.PENDING, "not bought: no quota") for shot in SHOTS[:2]]
    assert words(*unbought, stop=QuotaUsedUp("no quota", hint="top up")) == dedent("""\
        0 of 2 clips are there

        pending  harbour: not bought
        pending  stairs: not bought

        error: no quota
        hint: top up
    """)


def test_a_run_that_was_stopped_is_never_nothing_to_do():
    plan = make_plan(make_step("harbour", Action.KEEP, Reason.UP_TO_DATE))
    assert words(make_outcome("harbour", Ending.KEPT), plan=plan, stop=QuotaUsedUp("no quota")) == (
        "1 clip is there, in renders/film (1 kept)\n\nerror: no quota\n"
    )


def test_a_long_list_is_cut():
    outcomes = [make_outcome(f"s{n}", Ending.HELD, f"reason {n}", hint="decide") for n in range(30)]
    lines = words(*outcomes).splitlines()
    assert len(lines) == 2 + 40 + 3
    assert lines[40:43] == ["         hint: decide" if n else "held     s19: reason 19" for n in range(2)] + [
        "         and 10 more"
    ]


def test_clips_in_the_working_folder_have_a_short_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = make_report(make_outcome())
    renders = tmp_path / "renders" / "film"
    text = summary(report, BOUGHT, manifest="film.yaml", preview=False, renders=renders)
    assert text.splitlines()[0] == f"1 clip is there, in {Path('renders') / 'film'}"
