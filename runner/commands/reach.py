"""Which servers a run may reach, and with which key: the one that is set, and those where this key has bought."""

from runner.clock import Clock
from runner.commands.account import Account
from runner.lock.memory import Memory
from runner.provider.videos import Videos


class Reach:
    """The clients of one run, made when they are needed."""

    def __init__(self, account: Account, base_url: str, memory: Memory, clock: Clock) -> None:
        self._account = account
        self._base_url = base_url  # for previews, that of the embedded sandbox; empty: nobody is to be asked
        self._memory = memory
        self._clock = clock
        self._videos: dict[str, Videos] = {}

    def at(self, origin: str) -> Videos | None:
        """The server at an origin; None where our key may not go there."""
        if self._base_url and origin not in self._videos:
            if origin == self._account.origin:
                self._videos[origin] = self._client(self._base_url)
            elif not self._account.preview and self._bought_at(origin):
                self._videos[origin] = self._client(origin)
        return self._videos.get(origin)

    async def close(self) -> None:
        """Let all connections go."""
        for videos in self._videos.values():
            await videos.close()

    def _client(self, base_url: str) -> Videos:
        from runner.provider.http import HttpVideos

        return HttpVideos(base_url, self._account.key, manner=self._account.manner, clock=self._clock)

    def _bought_at(self, origin: str) -> bool:
        """Whether this machine's ledger shows a purchase with this very key: a lockfile could be anybody's."""
        return bool(self._account.digest) and any(
            attempt.acceptance is not None and attempt.owner is not None and attempt.owner.key == self._account.digest
            for attempt in self._memory.ledger.attempts.values()
            if attempt.intent.origin == origin
        )
