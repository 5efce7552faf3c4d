"""Every call of the openai SDK's `videos`, by its own interpreter: base URL, key and image as arguments, JSON out."""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

warnings.simplefilter("ignore")  # the SDK calls the API deprecated

import openai  # type: ignore[import-not-found]  # noqa: E402


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.code, error.param]


def main(base_url: str, key: str, picture: str) -> dict[str, Any]:
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
    videos = client.videos
    text = videos.create(model="sora-2", prompt="A cat", size="1280x720", seconds="4")
    with open(picture, "rb") as image:
        pictured = videos.create(prompt="It walks", size="1280x720", seconds="4", input_reference=image)
    done = videos.poll(text.id, poll_interval_ms=100)
    videos.poll(pictured.id, poll_interval_ms=100)
    clip = videos.download_content(text.id).read()
    still = outcome(lambda: videos.download_content(text.id, variant="thumbnail").read())
    sheet = outcome(lambda: videos.download_content(text.id, variant="spritesheet").read())
    remix = videos.remix(text.id, prompt="At night")
    whole = videos.create_and_poll(prompt="A dog", poll_interval_ms=100)
    stranger = openai.OpenAI(base_url=base_url, api_key="sk-no", max_retries=0)
    early = videos.create(prompt="A bird")
    return {
        "create": [text.status, text.seconds, text.size, text.object],
        "image": pictured.status,
        "poll": [done.status, done.progress],
        "pages": [each.id for each in videos.list(limit=1)] == [early.id, whole.id, remix.id, pictured.id, text.id],
        "oldest first": [each.prompt for each in videos.list(limit=2, order="asc")][:2],
        "content": [clip[4:8].decode(), len(clip) > 500],
        "stills": [still[8:12].decode(), sheet[6:10].decode()] if isinstance(still, bytes) else [still, sheet],
        "remix": remix.remixed_from_video_id == text.id,
        "create and poll": whole.status,
        "delete": videos.delete(text.id).deleted,
        "unknown": outcome(lambda: videos.retrieve("video_nobody")),
        "bad seconds": outcome(lambda: videos.create(prompt="x", seconds="5")),
        "bad key": outcome(stranger.videos.list),
        "too early": outcome(lambda: videos.download_content(early.id)),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4])))
