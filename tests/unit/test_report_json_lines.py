import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from runner.events import Bought, Ending, Phase, RunEnded, Said, ShotEnded, ShotMoved
from runner.report.json_lines import JsonLines, json_line, plain_value
from runner.report.outlet import Outlet
from tests.unit.report_factory import make_started


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            make_started("harbour", kept=2),
            (
                '{"event": "run_started", "manifest": "film.yaml", "host": "api.example.com", "profile": "sora", '
                '"shots": ["harbour"], "kept": 2, "purchases": 1, "seconds": 8, "most_cost": 0.8, "currency": "USD", '
                '"slots": 2, "preview": false}'
            ),
        ),
        (
            ShotMoved(shot="harbour", phase=Phase.IN_PROGRESS, progress=62, job="video_1", eta=12.5),
            (
                '{"event": "shot_moved", "shot": "harbour", "phase": "in_progress", "progress": 62, "job": "video_1", '
                '"eta": 12.5}'
            ),
        ),
        (
            Bought(shot="harbour", job="video_1", cost=Decimal("0.80"), total=None),
            '{"event": "bought", "shot": "harbour", "job": "video_1", "cost": 0.8, "total": null}',
        ),
        (Said(text="猫\x1b[2J\n"), '{"event": "said", "text": "\\u732b\\u001b[2J\\n", "shot": null}'),
        (
            ShotEnded(shot="harbour", ending=Ending.DONE, clip=Path("renders/harbour.mp4"), cost=Decimal("0.80")),
            (
                '{"event": "shot_ended", "shot": "harbour", "ending": "done", "reason": "", "hint": "", '
                f'"clip": {json.dumps(str(Path("renders/harbour.mp4")))}, "cost": 0.8}}'
            ),
        ),
        (
            RunEnded(exit_code=130, interrupted=True, stop="the disk is full"),
            '{"event": "run_ended", "exit_code": 130, "interrupted": true, "stop": "the disk is full"}',
        ),
    ],
)
def test_every_event_is_one_object(event, line):
    assert json_line(event) == line


def test_each_event_is_a_line():
    out = io.StringIO()
    teller = JsonLines(Outlet(out))
    for text in ("one", "two"):
        teller.hear(Said(text=text))
    assert [json.loads(line)["text"] for line in out.getvalue().splitlines()] == ["one", "two"]


def test_what_is_neither_an_amount_nor_a_path_is_refused():
    with pytest.raises(TypeError, match="object does not go into JSON"):
        plain_value(object())
