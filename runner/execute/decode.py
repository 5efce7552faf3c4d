"""Whether a clip's frames can be decoded, where PyAV is installed. Owner of av.

Structure is checked without it; decoding finds damage inside the frames.
"""

from importlib.util import find_spec
from pathlib import Path

MISSING = "frames are not decoded: PyAV is not installed (pip install 'shotlock[preview]')"


def available() -> bool:
    """Whether PyAV is installed; cheap, nothing is loaded."""
    return find_spec("av") is not None


def trouble(path: Path) -> str:
    """Decode every frame of a clip; empty if all is well, else what is wrong."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return "it has no picture"
            frames = sum(1 for _ in container.decode(video=0))
    except (FFmpegError, OSError, ValueError, IndexError) as error:
        return f"it cannot be decoded: {error}"
    return "" if frames else "it has no frames"
