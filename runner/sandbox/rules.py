"""What the server allows and how long its jobs take, as data. The defaults are the provider's own document."""

from dataclasses import dataclass
from typing import Final

_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a request may ask for. Where it is silent, the first of `sizes`, `seconds` or `models` is taken."""

    sizes: tuple[str, ...] = ("720x1280", "1280x720")  # empty: any even size
    seconds: tuple[str, ...] = ("4", "8", "12")  # empty: any whole number
    models: tuple[str, ...] = ("sora-2",)  # empty: any name
    slots: int = 2  # jobs that may be queued or in progress at once
    retention: float = 86_400.0  # seconds that a finished clip is kept
    forgets: bool = False  # whether the job itself is unknown once its clip has expired
    auth: bool = True  # whether a bearer is asked for
    key: str | None = None  # the only bearer that is let in; None: any that is not empty
    echo_prompt: bool = True  # whether a job object shows its prompt
    lists: bool = True  # whether there is a list route
    prompt_limit: int = 32_000  # characters
    body_limit: int = 32 * _MEGABYTE  # bytes of a request

    @property
    def default_size(self) -> str:
        """The size of a request that names none."""
        return self.sizes[0] if self.sizes else "720x1280"

    @property
    def default_seconds(self) -> str:
        """The length of a request that names none."""
        return self.seconds[0] if self.seconds else "4"

    @property
    def default_model(self) -> str:
        """The model of a request that names none."""
        return self.models[0] if self.models else "sora-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a job waits and renders, in seconds of the server's clock. It is not done before its clip exists."""

    queue_seconds: float = 0.0
    render_seconds: float = 0.0
    poll_after: float | None = None  # seconds told in `openai-poll-after-ms` while a job runs
