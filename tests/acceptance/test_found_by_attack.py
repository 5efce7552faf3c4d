"""What a hostile server or an unlucky edit once got past us; each was reproduced before it was mended."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.execute import decode
from runner.sandbox import blank
from runner.sandbox.clip import ClipSpec
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.acceptance.desk import KEY, TWO_SHOTS, Desk, Shop, leave_in_flight
from tests.acceptance.warm import at_once

desk = pytest.fixture(at_once)


def test_swapped_prompts_swap_the_clips_though_their_sizes_are_nearly_equal(desk: Desk, shop: Shop) -> None:
    desk.write(TWO_SHOTS.replace("A cat in an alley", "A cat runs on the beach"))
    desk.run("render", "film.yaml")
    beach, alley = (desk.clips()[f"renders/film/{shot}.mp4"] for shot in ("beach", "alley"))
    assert beach != alley
    desk.edit("A cat runs", "A fox runs")
    desk.edit("A dog runs", "A cat runs")
    desk.edit("A fox runs", "A dog runs")
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2
    assert desk.clips()["renders/film/beach.mp4"] == alley
    assert desk.clips()["renders/film/alley.mp4"] == beach


def test_a_flipped_byte_is_mended_from_the_store(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    clip = desk.folder / "renders/film/beach.mp4"
    whole = clip.read_bytes()
    clip.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert desk.run("verify", "film.yaml").code == 1
    assert desk.run("render", "film.yaml").code == 0
    assert clip.read_bytes() == whole
    assert shop.billed == 2


def test_one_job_is_never_two_purchases(desk: Desk, shop: Shop) -> None:
    same = {"id": "video_the_same", "object": "video", "status": "queued"}
    over = {**same, "status": "failed", "error": {"code": "oops", "message": "it broke"}}
    shop.sandbox.faults.extend(
        [
            Fault(on=On.CREATE, do=Do.STATUS, when=Moment.AFTER, status=200, body=same),
            Fault(on=On.RETRIEVE, do=Do.STATUS, status=200, body=over),
        ]
    )
    result = desk.run("render", "film.yaml", "--settle", "1")
    assert result.code == 1, result.stderr
    assert "which is another purchase's" in result.stderr
    assert sum(b"video_the_same" in line for line in desk.lock().splitlines()) == 1


def test_a_mistyped_job_is_not_adopted(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.extend(
        [
            Fault(on=On.LIST, do=Do.NO_ROUTE, status=404),
            Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1),
        ]
    )
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    (bought,) = shop.ledger["billed"]
    wrong = desk.run("resolve", "film.yaml", "beach", "--adopt", "video_nobodys")
    assert wrong.code == 2
    assert "the server does not know job" in wrong.stderr
    assert desk.run("resolve", "film.yaml", "beach", "--adopt", bought["id"]).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert shop.billed == 1


def test_a_damaged_lockfile_can_be_looked_at_but_not_bought_upon(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    lockfile = desk.folder / "film.lock"
    lines = lockfile.read_bytes().splitlines(keepends=True)
    lockfile.write_bytes(b"".join([lines[0], b"<<<<<<< ours\n", *lines[1:]]))
    status = desk.run("status", "film.yaml")
    assert status.code == 0
    assert "warning: " in status.stderr
    assert "a conflict marker" in status.stderr
    assert "beach" in status.stdout
    refused = desk.run("render", "film.yaml")
    assert refused.code == 4
    assert "shotlock lock fold" in refused.stderr
    assert desk.run("lock", "fold", "film.lock").code == 0
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_a_web_page_at_the_base_url_sends_no_purchase(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.HTML, status=200))
    result = desk.run("render", "film.yaml")
    assert result.code == 4
    assert "the base URL leads to a web page" in result.stderr
    assert "/v1" in result.stderr
    assert shop.posts() == 0


@pytest.mark.parametrize(("status", "code", "posts"), [(301, 4, 0), (308, 4, 0), (302, 0, 2)])
def test_a_base_url_that_has_moved_sends_no_purchase(
    desk: Desk, shop: Shop, status: int, code: int, posts: int
) -> None:
    """Often `http` for `https`: each order would be unconfirmed, for none is ever redirected."""
    there = shop.base_url.replace("http://127.0.0.1", "http://localhost")
    to = {"location": f"{there}/videos?limit=100&order=desc"}
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.STATUS, status=status, headers=to, body=""))
    result = desk.run("render", "film.yaml")
    assert (result.code, shop.posts()) == (code, posts), result.stderr
    assert ("the base URL redirects to http://localhost:" in result.stderr) == (code == 4)


@pytest.mark.parametrize("text", ['[[package]]\nname = "a"\n', '{"version": 1}\n', "# v1\n"])
def test_another_tools_file_is_not_folded(desk: Desk, text: str) -> None:
    path = desk.write(text, "uv.lock")
    refused = desk.run("lock", "fold", "uv.lock")
    assert (refused.code, path.read_text()) == (2, text)
    assert "is no lockfile of ours" in refused.stderr
    assert not path.with_name("uv.lock.bad").exists()


def damaged(spec: ClipSpec, target: Path) -> None:
    """A clip whose boxes are whole, with a frame that is not."""
    av = pytest.importorskip("av")
    with av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
        for number in range(2 * spec.seconds):
            frame = av.VideoFrame(spec.width, spec.height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(place * (number + 3) // 61 % 256 for place in range(plane.buffer_size)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = bytearray(target.read_bytes())
    middle = data.index(b"mdat") + (data.index(b"moov") - data.index(b"mdat")) // 2
    data[middle : middle + 200] = b"\xff" * 200
    target.write_bytes(data)


def test_damaged_frames_in_a_whole_file_are_noticed(tmp_path: Path) -> None:
    damaged(ClipSpec(prompt="a cat", width=320, height=240, seconds=4), tmp_path / "clip.mp4")
    assert decode.trouble(tmp_path / "clip.mp4").endswith("of its 8 frames are damaged")


def test_a_clip_that_the_server_has_damaged_is_kept_and_said(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(renderer=damaged)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    done = desk.run("render", "film.yaml", "--only", "beach")
    assert (done.code, shop.billed) == (0, 1)
    assert "shot `beach`: its download fails (what came is no whole clip: " in done.stderr
    assert "frames are damaged; the server sent the same bytes 3 times, and they are kept" in done.stderr
    seen = desk.run("verify", "film.yaml")
    assert seen.code == 1
    assert "frames are damaged" in seen.stdout


def followed(spec: ClipSpec, target: Path) -> None:
    """A clip with some bytes too many."""
    blank.render(spec, target)
    with target.open("ab") as file:
        file.write(b"\0" * 5)


def test_a_clip_that_has_bytes_too_many_is_kept_and_said(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(renderer=followed)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    done = desk.run("render", "film.yaml", "--only", "beach")
    assert (done.code, shop.billed) == (0, 1)
    assert "it ends within a box; the server sent the same bytes 3 times, and they are kept" in done.stderr
    seen = desk.run("verify", "film.yaml")
    assert (seen.code, "is no whole MP4" in seen.stdout) == (1, True)


def test_a_job_whose_id_was_misread_is_put_right(desk: Desk, shop: Shop) -> None:
    """A profile that names the wrong field of a reply: what was paid for is adopted under its true id."""
    wrong = "{extends: sora, typical_render: 0.3, replies: {id: model}}"
    desk.edit("{extends: sora, typical_render: 0.3}", wrong)
    leave_in_flight(desk, shop, "--only", "beach")
    assert shop.billed == 1
    desk.edit(wrong, "{extends: sora, typical_render: 0.3}")
    job = shop.ledger["billed"][0]["id"]
    nobody = desk.run("resolve", "film.yaml", "beach", "--adopt", "video_nobody")
    assert (nobody.code, "the server does not know job video_nobody" in nobody.stderr) == (2, True)
    adopted = desk.run("resolve", "film.yaml", "beach", "--adopt", job)
    assert (adopted.code, "is job JOB: the next render fetches it" in adopted.stderr) == (0, True)
    back = "job sora-2 is given up; if it brings a clip after all: shotlock resolve film.yaml beach --adopt sora-2\n"
    assert adopted.stderr.startswith(back), adopted.stderr
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert [*desk.clips()] == ["renders/film/beach.mp4"]
    assert shop.billed == 1
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout


def test_a_job_that_the_server_knows_is_not_put_right(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=Pace(render_seconds=60))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, shop, "--only", "beach")
    other = shop.order("A cat elsewhere")
    refused = desk.run("resolve", "film.yaml", "beach", "--adopt", other)
    assert (refused.code, "is not unconfirmed: in flight" in refused.stderr) == (2, True)


def test_a_status_that_is_no_word_is_said(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.REWRITE, nth=1, body={"status": 7}))
    done = desk.run("render", "film.yaml", "--only", "beach")
    assert (done.code, shop.billed) == (0, 1)
    assert "the server does not say in words what a job is doing; it is polled on" in done.stderr


def test_a_list_without_end_is_said(desk: Desk, shop: Shop) -> None:
    jobs = [{"id": f"video_{number}", "object": "video", "status": "queued"} for number in range(3)]
    for number in range(1, 5):
        page = {"object": "list", "data": jobs, "has_more": True, "last_id": f"video_{number}"}
        shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.STATUS, nth=number, status=200, body=page))
    done = desk.run("render", "film.yaml", "--only", "beach")
    assert (done.code, shop.billed) == (0, 1)
    assert "the server's list does not come to an end: 3 jobs of it were read" in done.stderr


def test_what_happened_is_told_in_the_order_of_the_manifest(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, when=Moment.BEFORE, status=400, body={"error": "no"}))
    told = desk.run("render", "film.yaml", "--json").stderr
    assert -1 < told.index("beach: ") < told.index("alley: ")


def test_a_clip_that_should_have_expired_is_asked_for_though_nothing_else_is_to_do(desk: Desk, shop: Shop) -> None:
    """What the clock of this machine alone says is no proof: the server may keep a clip for longer."""
    only_beach = TWO_SHOTS.partition("  - id: alley")[0].replace(
        "typical_render: 0.3", "typical_render: 0.3, retention: 1"
    )
    desk.write(only_beach)
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.REWRITE, body={"expires_at": None}))
    assert desk.run("render", "film.yaml").code == 0
    before = desk.clips()
    for name in ("renders", ".shotlock"):
        shutil.rmtree(desk.folder / name)
    time.sleep(1.5)
    again = desk.run("render", "film.yaml")
    assert (again.code, desk.clips(), shop.billed) == (0, before, 1), again.stderr
