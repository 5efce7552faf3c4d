"""A sprite: an image that stands or moves on the frame; all that encoding has to know of a picture."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """A window of fixed size onto an image, shown at a place of the frame.

    `across` and `down` say which part of the image the window shows, `left` and `top` where the window stands: pixels,
    as FFmpeg expressions of `n`, the number of the frame. Several images are taken in turn, one a frame.
    """

    images: tuple[Image.Image, ...]  # all of one size; RGB, or RGBA where what lies below shows through
    width: int
    height: int
    across: str = "0"
    down: str = "0"
    left: str = "0"
    top: str = "0"


def still(image: Image.Image, left: int, top: int) -> Sprite:
    """A whole image at a fixed place."""
    return Sprite(images=(image,), width=image.width, height=image.height, left=str(left), top=str(top))


def even(length: float) -> int:
    """A length in pixels, brought down to what video with halved colour planes can hold."""
    return max(int(length) // 2 * 2, 2)
