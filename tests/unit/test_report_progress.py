import io
import json
import os
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from runner.events import Bought, Ending, Phase, RunEnded, Said, ShotMoved
from runner.report.choose import is_live, progress
from runner.report.live import LiveTable
from runner.report.outlet import Outlet
from runner.report.plain import Plain
from runner.report.relay import Relay
from tests.unit.report_factory import Clock, make_outcome, make_started

SHOTS = ("harbour", "stairs", "雨夜", "ending", "alley", "rain")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def bought(shot, total):
    return Bought(shot=shot, job=f"video_{shot}", cost=Decimal("0.80"), total=Decimal(total))


def tell_a_run(teller, clock, folder):
    """A run as it stands in its middle: one shot done, one held, one failed, two at work, one waiting."""
    teller.hear(make_started(*SHOTS))
    for shot, total in (("harbour", "0.80"), ("stairs", "1.60")):
        teller.hear(ShotMoved(shot=shot, phase=Phase.SUBMITTING))
        teller.hear(bought(shot, total))
    teller.hear(Said(text="the server does not\x1b[2J answer; asking again"))
    clock.time += 72
    teller.hear(ShotMoved(shot="harbour", phase=Phase.DOWNLOADING))
    teller.hear(make_outcome("harbour", clip=folder / "harbour.mp4"))
    teller.hear(make_outcome("stairs", Ending.FAILED, "the job failed: \x1b[31mno"))
    teller.hear(make_outcome("alley", Ending.HELD, "unconfirmed", hint="decide"))
    teller.hear(make_outcome("old", Ending.KEPT))
    teller.hear(ShotMoved(shot="雨夜", phase=Phase.QUEUED, eta=100))
    clock.time += 4
    teller.hear(ShotMoved(shot="ending", phase=Phase.IN_PROGRESS, progress=62, eta=19.6))
    clock.time += 1


def plain_run(tmp_path, monkeypatch, seconds):
    monkeypatch.chdir(tmp_path)
    out, clock = io.StringIO(), Clock()
    teller = Plain(Outlet(out), clock)
    tell_a_run(teller, clock, tmp_path)
    clock.time += seconds
    teller.show()
    return out.getvalue().splitlines(), teller, out, clock


def test_plain_lines_tell_what_changed(tmp_path, monkeypatch):
    lines, *_ = plain_run(tmp_path, monkeypatch, seconds=5)
    assert lines == [
        "harbour: submitted as job video_harbour, $0.80",
        "stairs: submitted as job video_stairs, $0.80",
        "the server does not answer; asking again",
        "harbour: done after 1:12: harbour.mp4, $0.80",
        "stairs: failed after 1:12: the job failed: no",
        "alley: held: unconfirmed",
    ]


def test_plain_lines_give_a_sign_of_life_when_nothing_happens(tmp_path, monkeypatch):
    lines, teller, out, clock = plain_run(tmp_path, monkeypatch, seconds=30)
    sign = "1:47: 1 done, 1 failed, 1 held, 2 running, 1 waiting (雨夜 queued, ending 62 %); $1.60 of $4.80 at most"
    assert lines[6:] == [sign]
    clock.time += 29
    teller.show()
    assert out.getvalue().splitlines()[6:] == [sign]
    clock.time += 1
    teller.show()
    assert len(out.getvalue().splitlines()) == 8


def test_no_sign_of_life_before_the_run_begins():
    out, clock = io.StringIO(), Clock()
    teller = Plain(Outlet(out), clock)
    clock.time += 100
    teller.show()
    assert out.getvalue() == ""


def test_previews_have_no_price():
    out = io.StringIO()
    teller = Plain(Outlet(out), Clock())
    teller.hear(make_started("harbour", most_cost=Decimal(0), preview=True, host="embedded"))
    teller.hear(Bought(shot="harbour", job="video_1", cost=Decimal(0), total=Decimal(0)))
    teller.hear(make_outcome("harbour", clip=Path("a.mp4"), cost=Decimal(0)))
    assert out.getvalue() == "harbour: submitted as job video_1\nharbour: done after 0:00: a.mp4\n".replace(
        " after 0:00", ""
    )


def test_an_unknown_price_is_said():
    out = io.StringIO()
    teller = Plain(Outlet(out), Clock())
    teller.hear(make_started("harbour", most_cost=None))
    teller.hear(Bought(shot="harbour", job="video_1", cost=None, total=None))
    assert out.getvalue() == "harbour: submitted as job video_1, price unknown\n"


def test_a_thousand_held_shots_do_not_flood_the_log():
    out = io.StringIO()
    teller = Plain(Outlet(out), Clock())
    shots = [f"shot-{number}" for number in range(1000)]
    teller.hear(make_started(*shots))
    for shot in shots:
        teller.hear(make_outcome(shot, Ending.HELD, "expired"))
    assert len(out.getvalue().splitlines()) == 20


def screen(tmp_path, monkeypatch, width, height=24, **environ):
    """What a live table wrote in all, and its last frame without the codes that move the cursor."""
    monkeypatch.chdir(tmp_path)
    out, clock = Terminal(), Clock()
    size = {"COLUMNS": str(width), "LINES": str(height), "TERM": "xterm-256color"}
    teller = LiveTable(Outlet(out), {**size, **environ}, clock)
    tell_a_run(teller, clock, tmp_path)
    teller.show()
    return out.getvalue(), teller, out, clock


def words_of(written):
    """The text of a screen without control sequences, line ends trimmed."""
    from rich.text import Text

    return [Text.from_ansi(line).plain.rstrip() for line in written.replace("\x1b[?25l", "").split("\n")]


def test_the_live_table_shows_where_every_shot_is(tmp_path, monkeypatch):
    written, *_ = screen(tmp_path, monkeypatch, width=90, NO_COLOR="1")
    assert words_of(written) == [
        "the server does not answer; asking again",
        "done      harbour     1:12  harbour.mp4, $0.80",
        "failed    stairs      1:12  the job failed: no",
        "held      alley             unconfirmed",
        "",
        "shot     state                                                    time     left",
        "雨夜     queued                                                   0:05     1:35",
        "ending   in progress  ━━━━━━━━━━━━━━━━━━━╸               62 %     0:01     0:19",
        "rain     waiting",
        "",
        "1:17    1 done, 1 failed, 1 held, 2 running, 1 waiting    $1.60 of $4.80 at most",
    ]


def test_a_narrow_terminal_shows_less_of_each_shot(tmp_path, monkeypatch):
    written, *_ = screen(tmp_path, monkeypatch, width=44, NO_COLOR="1")
    assert words_of(written)[4:] == [
        "",
        "shot     state                  time",
        "雨夜     queued                 0:05",
        "ending   in progress   62 %     0:01",
        "rain     waiting",
        "",
        "1:17",
        "1 done, 1 failed, 1 held, 2 running, 1",
        "waiting",
        "$1.60 of $4.80 at most",
    ]


def test_a_low_terminal_shows_fewer_shots(tmp_path, monkeypatch):
    written, *_ = screen(tmp_path, monkeypatch, width=80, height=7, NO_COLOR="1")
    assert [line.split()[0] for line in words_of(written)[5:-3]] == ["shot", "雨夜"]


def test_no_color_is_honoured(tmp_path, monkeypatch):
    assert "\x1b[32m" in screen(tmp_path, monkeypatch, width=80)[0]
    assert "\x1b[32m" not in screen(tmp_path, monkeypatch, width=80, NO_COLOR="1")[0]


def test_the_live_table_is_drawn_only_when_it_looks_different(tmp_path, monkeypatch):
    written, teller, out, clock = screen(tmp_path, monkeypatch, width=80)
    teller.show()
    assert out.getvalue() == written
    clock.time += 1
    teller.show()
    assert len(out.getvalue()) > len(written)


def test_the_cursor_is_there_while_the_table_is(tmp_path, monkeypatch):
    written, teller, out, _ = screen(tmp_path, monkeypatch, width=80)
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    teller.close()
    assert "\x1b[?25l" not in out.getvalue()[len(written) :]


def test_lines_said_before_the_run_are_shown_without_a_table():
    out = Terminal()
    teller = LiveTable(Outlet(out), {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}, Clock())
    teller.hear(Said(text="hello"))
    teller.show()
    teller.close()
    assert out.getvalue() == "hello\n"


def told(events, *, as_json=False, stderr=None, **environ):
    stdout, stderr = io.StringIO(), stderr or io.StringIO()
    with progress(as_json=as_json, stdout=stdout, stderr=stderr, environ=environ, clock=Clock()) as listen:
        for event in events:
            listen(event)
    return stdout.getvalue(), stderr.getvalue()


def test_everything_is_told_by_the_end():
    said = [Said(text=f"line {number}") for number in range(500)]
    assert told(said) == ("", "".join(f"{event.text}\n" for event in said))


def test_json_goes_to_stdout_even_on_a_terminal():
    out, err = told([RunEnded(exit_code=0, interrupted=False)], as_json=True, stderr=Terminal(), TERM="xterm")
    assert json.loads(out)["event"] == "run_ended"
    assert err == ""


def test_no_cursor_code_goes_into_a_pipe():
    events = [make_started("harbour"), Said(text="hello")]
    assert told(events, FORCE_COLOR="1", TTY_COMPATIBLE="1", TERM="xterm") == ("", "hello\n")


def test_a_terminal_gets_the_table():
    events = [make_started("harbour"), make_outcome("harbour", Ending.FAILED, "no")]
    _, err = told(events, stderr=Terminal(), TERM="xterm", COLUMNS="80", LINES="24")
    assert err == "\x1b[31mfailed  \x1b[0m  harbour           no\n\n"


@pytest.mark.parametrize(
    ("environ", "live"),
    [
        ({"TERM": "xterm"}, True),
        ({}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "xterm", "CI": ""}, True),
        ({"TERM": "xterm", "CI": "false"}, True),
    ],
)
def test_a_terminal_is_live_unless_it_is_dumb_or_nobody_watches(environ, live):
    assert is_live(Terminal(), environ) is live
    assert is_live(io.StringIO(), environ) is False


def test_a_closed_stream_is_not_live():
    closed = io.StringIO()
    closed.close()
    assert is_live(closed, {}) is False


def test_a_pipe_that_nobody_reads_stops_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as broken:
        with progress(as_json=True, stdout=broken, stderr=sys.stderr, environ={}, clock=Clock()) as listen:
            for _ in range(100):
                listen(Said(text="hello" * 1000))
        broken.flush()  # as the interpreter does at its end


def test_a_closed_stream_stops_nothing():
    closed = io.StringIO()
    closed.close()
    with progress(as_json=False, stdout=closed, stderr=closed, environ={}, clock=Clock()) as listen:
        listen(Said(text="hello"))


class Stuck:
    """A teller whose terminal is stopped until somebody lets it go on."""

    patience = 60.0

    def __init__(self):
        self.go_on = threading.Event()
        self.heard = []

    def hear(self, event):
        self.go_on.wait(60)
        self.heard.append(event)

    def show(self):
        pass

    def close(self):
        self.heard.append("closed")


def test_the_listener_does_not_wait_for_a_slow_screen():
    stuck = Stuck()
    relay = Relay(stuck)
    events = [Said(text=str(number)) for number in range(3)]
    for event in events:
        relay(event)
    assert stuck.heard == []
    stuck.go_on.set()
    relay.close()
    assert stuck.heard == [*events, "closed"]


def test_a_run_that_raises_still_ends_its_telling():
    out = io.StringIO()
    with pytest.raises(RuntimeError), progress(  # noqa: PT012
        as_json=False, stdout=io.StringIO(), stderr=out, environ={}, clock=Clock()
    ) as listen:  # fmt: skip
        listen(Said(text="hello"))
        raise RuntimeError
    assert out.getvalue() == "hello\n"
