"""Whether a clip's frames can be decoded, where PyAV is installed. Owner of av.

Structure is checked without it; decoding finds damage inside the frames.
"""

import errno
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final

from runner.errors import DecoderBroken

_MOST_PIXELS: Final = 36_000_000  # of a frame: 8K
_MOST_FRAMES: Final = 250_000  # that are decoded: an hour and more
_NO_FILE_LEFT: Final = (errno.EMFILE, errno.ENFILE)  # says nothing of the clip
MISSING = "frames are not decoded: PyAV is not installed (pip install 'shotlock[preview]')"


def available() -> bool:
    """Whether PyAV is installed; cheap, nothing is loaded."""
    return find_spec("av") is not None


def load() -> None:
    """Load PyAV, if it is installed, so that one that is broken is told before anything is bought.

    Raises DecoderBroken.
    """
    if available():
        try:
            import av.error  # noqa: F401 - what is left of a package has none
        except ImportError as error:
            raise _broken(error) from error


def trouble(path: Path) -> str:
    """Decode every frame of a clip; empty if all is well, else what is wrong.

    Raises OSError where no more files can be opened, and DecoderBroken.
    """
    load()
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
    except ImportError as error:  # PyAV loads some of itself when a clip is opened
        raise _broken(error) from error
    except (FFmpegError, OSError, ValueError, IndexError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno in _NO_FILE_LEFT:
            raise OSError(error.errno, error.strerror, str(path)) from None
        return f"it cannot be decoded: {error}"
    if not damaged:
        return "it has no frames"
    return f"{sum(damaged):,} of its {len(damaged):,} frames are damaged" if any(damaged) else ""


def _broken(error: ImportError) -> DecoderBroken:
    hint = "mend it (pip install --force-reinstall av) or do without (pip uninstall av), then say the same again"
    return DecoderBroken(f"PyAV is installed and cannot be loaded: {error}", hint=hint)
