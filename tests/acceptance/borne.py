"""A desk whose commands are borne by a cradle: any number of them may sit side by side."""

from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.desk import KEY, Desk, Result
from tests.crash.cradle import Cradle

_PATIENCE = 100.0  # seconds until a command counts as hanging


@dataclass(kw_only=True)
class BorneDesk(Desk):
    """A desk in a thread of its own."""

    cradle: Cradle

    def run(self, *arguments: str, **environ: str) -> Result:
        screen = self.folder.with_name(f"screen-{len(self.said)}")
        told = self.whole_environ(environ)
        code = self.cradle.start(["--", *arguments], folder=self.folder, environ=told, screen=screen).end(
            within=_PATIENCE
        )
        stdout, stderr = (Path(f"{screen}.{kind}").read_text(encoding="utf-8") for kind in ("out", "err"))
        self.said += [stdout, stderr]
        assert KEY not in stdout + stderr, "the key is on the screen"
        assert "Traceback" not in stdout + stderr, stderr
        return Result(code=code, stdout=self._even(stdout), stderr=self._even(stderr))
