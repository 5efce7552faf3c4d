"""Where clips are made: a few threads, and a folder that goes away with the server."""

import shutil
import tempfile
import threading
from pathlib import Path
from queue import SimpleQueue

from runner.sandbox.clip import Clip, ClipSpec, Renderer
from runner.sandbox.clock import Clock
from runner.sandbox.job import Failure, Job


class Studio:
    """Renders jobs in the order in which they come, `workers` at a time.

    Its threads are daemons: a renderer cannot be interrupted, and nobody should have to wait for it at the end.
    """

    def __init__(self, renderer: Renderer, clock: Clock, *, workers: int) -> None:
        self._renderer = renderer
        self._clock = clock
        self._workers = workers
        self._folder: Path | None = None
        self._jobs: SimpleQueue[tuple[Job, Path] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()

    def begin(self, job: Job) -> None:
        """Start on a job's clip, or put it in the queue; its `result` is set when it is made."""
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="sandbox-"))
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name="sandbox-studio", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put((job, self._folder / f"{job.id}.mp4"))

    def discard(self, job: Job) -> None:
        """Remove a job's clip."""
        if isinstance(job.result, Clip):
            job.result.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Make no more clips, and remove those that are there. Does not wait for the one in the making."""
        self._closed.set()
        for _ in self._threads:
            self._jobs.put(None)
        self._remove_folder()

    def _work(self) -> None:
        while (order := self._jobs.get()) is not None and not self._closed.is_set():
            job, path = order
            job.result = self._made(job, path)
        self._remove_folder()

    def _made(self, job: Job, path: Path) -> Clip | Failure:
        try:
            self._renderer(_spec(job), path)
            return Clip.of(path, self._clock.now())
        except Exception as error:  # noqa: BLE001 - whatever a renderer raises is the job's failure, not the server's
            return Failure(code="video_generation_failed", message=f"The video could not be generated: {error}")

    def _remove_folder(self) -> None:
        # Called by the server and by each thread at its end, because a renderer may write after the first time.
        if self._closed.is_set() and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _spec(job: Job) -> ClipSpec:
    order = job.order
    width, _, height = order.size.partition("x")
    return ClipSpec(
        prompt=order.prompt,
        width=int(width),
        height=int(height),
        seconds=int(order.seconds),
        shot=order.shot or job.id[-6:],
        reference=None if order.reference is None else order.reference.data,
    )
