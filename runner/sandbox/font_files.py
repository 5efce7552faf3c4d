"""Font files: which of them this machine has, known by name or asked of fontconfig."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

_ITS_BUSINESS: Final = ("PATH", "HOME", "LANG", "LC_", "XDG_", "FONTCONFIG", "FC_", "TMPDIR", "SYSTEMROOT")
# File name and face, the handsome ones first. Face 2 of the Noto collections is simplified Chinese.
_KNOWN: Final = (
    ("PingFang.ttc", 0),
    ("Hiragino Sans GB.ttc", 0),
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJKsc-Regular.otf", 0),
    ("NotoSansSC-Regular.otf", 0),
    ("NotoSansSC-Regular.ttf", 0),
    ("SourceHanSans.ttc", 2),
    ("SourceHanSansSC-Regular.otf", 0),
    ("SourceHanSansCN-Regular.otf", 0),
    ("msyh.ttc", 0),
    ("wqy-microhei.ttc", 0),
    ("STHeiti Light.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("simhei.ttf", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("DroidSansFallback.ttf", 0),
    ("YuGothM.ttc", 0),
    ("malgun.ttf", 0),
    ("AppleSDGothicNeo.ttc", 0),
    ("NotoSans-Regular.ttf", 0),
    ("segoeui.ttf", 0),
    ("Arial Unicode.ttf", 0),
    ("DejaVuSans.ttf", 0),
)


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file; no file means Pillow's own font."""

    path: Path | None = None
    index: int = 0

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The face at a size in pixels, a fresh object: FreeType's are not shared between threads."""
        if self.path is not None:
            return ImageFont.truetype(self.path, size, index=self.index)
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):  # Pillow was built without FreeType
            raise ImportError("this Pillow cannot draw text: install one with FreeType")  # noqa: TRY004 - not the caller's doing
        return font


@cache
def known_faces() -> tuple[Face, ...]:
    """The fonts of the list above that this machine has, in the list's order."""
    names = {name.lower() for name, _ in _KNOWN}
    found: dict[str, Path] = {}
    for folder in _folders():
        for where, _, files in os.walk(folder):
            found.update({file.lower(): Path(where, file) for file in files if file.lower() in names})
    return tuple(Face(found[name.lower()], index) for name, index in _KNOWN if name.lower() in found)


@cache
def asked_faces(character: str) -> tuple[Face, ...]:
    """The faces that hold a character, as fontconfig says; none where there is no fontconfig."""
    program = shutil.which("fc-list")
    if program is None:
        return ()
    question = [program, f":charset={ord(character):x}:scalable=true", "--format", "%{file}\t%{index}\n"]
    # Nothing of the environment that is none of its business: a key may be there.
    environ = {name: value for name, value in os.environ.items() if name.startswith(_ITS_BUSINESS)}
    try:
        done = subprocess.run(question, capture_output=True, timeout=5, check=True, env=environ)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = sorted(done.stdout.decode(errors="replace").splitlines())
    places = (line.partition("\t") for line in lines)
    return tuple(Face(Path(path), int(index) if index.isdigit() else 0) for path, _, index in places)


def _folders() -> list[Path]:
    """Where the systems keep their fonts."""
    home = Path.home()
    match sys.platform:
        case "darwin":
            roots = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
        case "win32":
            windows = Path(os.environ.get("WINDIR", "C:/Windows"))
            local = Path(os.environ.get("LOCALAPPDATA", home))
            roots = [windows / "Fonts", local / "Microsoft/Windows/Fonts"]
        case _:
            shared = os.environ.get("XDG_DATA_HOME") or home / ".local/share"
            roots = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path(shared, "fonts"), home / ".fonts"]
    return roots
