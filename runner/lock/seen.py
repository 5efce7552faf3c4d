"""The digests of clips in their places, remembered by what the filesystem says of the files: no rerun reads them all.

Only a cache: where it is missing or wrong about a file's stamp, the file is read again.
"""

import json
from pathlib import Path
from typing import Any

from runner.disk import Disk, replace_whole


class Seen:
    """What the files beside one manifest were found to hold."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._known: dict[str, list[Any]] | None = None
        self._news = False

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file in hex, read only if its stamp is new; empty where there is no file."""
        stamp = self._disk.stamp(path)
        if stamp is None:
            return ""
        known = self._entries().get(str(path))
        if known is not None and known[:-1] == list(stamp):
            return str(known[-1])
        digest = self._disk.digest(path)
        self._set(path, stamp, digest)
        return digest

    def note(self, path: Path, sha256: str) -> None:
        """A file was just put there, and this is its digest."""
        stamp = self._disk.stamp(path)
        if stamp is not None:
            self._set(path, stamp, sha256)

    def save(self) -> None:
        """Keep what is new for the next run. Raises OSError."""
        if self._news:
            replace_whole(self._disk, self._path, json.dumps(self._entries(), sort_keys=True).encode())
            self._news = False

    def _set(self, path: Path, stamp: tuple[int, int, int], digest: str) -> None:
        self._entries()[str(path)] = [*stamp, digest]
        self._news = True

    def _entries(self) -> dict[str, list[Any]]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, list[Any]]:
        try:
            tree = json.loads(self._disk.read(self._path))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(tree, dict):
            return {}
        return {path: known for path, known in tree.items() if isinstance(known, list) and len(known) == 4}
