"""Whether a clip's frames can be decoded, where PyAV is installed. Owner of av.

Structure is checked without it; decoding finds damage inside the frames.
"""

from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

_MOST_PIXELS: Final = 36_000_000  # of a frame: 8K
_MOST_FRAMES: Final = 250_000  # that are decoded: an hour and more
MISSING = "frames are not decoded: PyAV is not installed (pip install 'shotlock[preview]')"


def available() -> bool:
    """Whether PyAV is installed; cheap, nothing is loaded."""
    return find_spec("av") is not None


def trouble(path: Path) -> str:
    """Decode every frame of a clip; empty if all is well, else what is wrong."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), format="mp4") as container:
            if not container.streams.video:
                return "it has no picture"
            picture = container.streams.video[0]
            if picture.width * picture.height > _MOST_PIXELS:
                return f"its picture is absurdly large: {picture.width}x{picture.height}"
            picture.codec_context.options = {"max_pixels": str(_MOST_PIXELS)}  # a frame can be larger than was said
            damaged = [frame.is_corrupt for frame in islice(container.decode(picture), _MOST_FRAMES)]
    except (FFmpegError, OSError, ValueError, IndexError, MemoryError) as error:
        return f"it cannot be decoded: {error}"
    if not damaged:
        return "it has no frames"
    return f"{sum(damaged):,} of its {len(damaged):,} frames are damaged" if any(damaged) else ""
