"""What a purchase looks like on its way out."""

from runner.manifest.request import Request
from runner.provider.manner import Manner
from runner.provider.payload import body_of
from runner.provider.videos import Image

IMAGE = Image(data=b"png", media_type="image/png", filename="cat.png")


def request(**extra: object) -> Request:
    return Request(model="sora-2", prompt="a cat", size="1280x720", seconds="8", extra=extra)


def test_text_alone_is_json_by_the_names_of_the_api() -> None:
    fields = {"model": "sora-2", "prompt": "a cat", "size": "1280x720", "seconds": "8"}
    assert body_of(request(), None, Manner()) == {"json": fields}


def test_an_image_makes_it_a_form_of_texts_and_a_file() -> None:
    body = body_of(request(), IMAGE, Manner())
    assert body["data"] == {"model": "sora-2", "prompt": "a cat", "size": "1280x720", "seconds": "8"}
    assert body["files"] == {"input_reference": ("cat.png", b"png", "image/png")}


def test_extra_fields_go_along_and_never_over_our_own() -> None:
    extra = {"n": 1, "loop": True, "tags": ["a"], "model": "other"}
    assert body_of(request(**extra), None, Manner())["json"] == {
        "n": 1,
        "loop": True,
        "tags": ["a"],
        "model": "sora-2",
        "prompt": "a cat",
        "size": "1280x720",
        "seconds": "8",
    }
    form = body_of(request(**extra), IMAGE, Manner())["data"]
    assert (form["n"], form["loop"], form["tags"], form["model"]) == ("1", "true", '["a"]', "sora-2")


def test_a_server_with_other_names_gets_them() -> None:
    manner = Manner(names={"seconds": "duration", "size": "resolution", "input_reference": "image"}, numbers=True)
    told = body_of(request(), None, manner)["json"]
    assert (told["duration"], told["resolution"]) == (int(request().seconds), request().size)
    assert not {"seconds", "size"} & set(told)
    assert list(body_of(request(), IMAGE, manner)["files"]) == ["image"]
    assert body_of(request(), IMAGE, manner)["data"]["duration"] == request().seconds


def test_a_size_goes_along_in_the_fields_that_stand_for_it() -> None:
    manner = Manner(sizes={"1280x720": {"resolution": "720p"}, "720x1280": {}}, names={"size": "dimensions"})
    assert body_of(request(), None, manner)["json"].keys() == {"model", "prompt", "seconds", "resolution"}
    tall = Request(model="sora-2", prompt="a cat", size="720x1280", seconds="8")
    assert body_of(tall, None, manner)["json"].keys() == {"model", "prompt", "seconds"}
    wide = Request(model="sora-2", prompt="a cat", size="1920x1080", seconds="8")
    assert body_of(wide, None, manner)["json"]["dimensions"] == "1920x1080"


def test_an_image_may_go_along_in_the_json() -> None:
    body = body_of(request(), IMAGE, Manner(image_in_json=True, names={"input_reference": "image"}))
    assert body["json"]["image"] == "data:image/png;base64,cG5n"
    assert body.keys() == {"json"}


def test_names_with_dots_lead_into_objects_of_the_json() -> None:
    manner = Manner(
        names={"prompt": "input.text", "input_reference": "input.image.data", "seconds": "parameters.duration"},
        image_in_json=True,
        sizes={"1280x720": {"parameters.resolution": "720p"}},
    )
    body = body_of(request(**{"parameters.seed": 5}), IMAGE, manner)["json"]
    assert body == {
        "model": "sora-2",
        "input": {"text": "a cat", "image": {"data": "data:image/png;base64,cG5n"}},
        "parameters": {"duration": "8", "resolution": "720p", "seed": 5},
    }
