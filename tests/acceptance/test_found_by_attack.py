"""What a hostile server or an unlucky edit once got past us; each was reproduced before it was mended."""

from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import TWO_SHOTS, Desk, Shop


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
