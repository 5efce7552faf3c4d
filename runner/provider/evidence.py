"""The evidence of one POST, gathered while it happens: whether a byte of it left, and what came back so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.provider.bodies import excerpt, reply_of
from runner.provider.parsing import id_in
from runner.provider.videos import Posted
from runner.provider.words import clean

LARGEST: Final = 1 << 20  # bytes of an answer


@dataclass(slots=True)
class Evidence:
    """What is known about a POST at this moment; `read` finds the fields of an answer where its server has them."""

    read: Callable[[Any], Any] = lambda body: body
    sent: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Hear what the transport does; a proxy's CONNECT counts as sent too, which is the careful side."""
        if event.endswith("send_request_headers.started"):
            self.sent = True

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """The answer's head came."""
        self.status, self.headers = status, headers

    def take(self, data: bytes) -> bool:
        """More of the answer came; False when it is more than an answer may have."""
        self.data += data
        return len(self.data) <= LARGEST

    def complete(self, secrets: tuple[str, ...]) -> Posted:
        """The verdict-free record of a POST that was answered."""
        reply = reply_of(self.status or 0, self.headers, bytes(self.data), limit=LARGEST, secrets=secrets)
        body = self.read(reply.body)
        return Posted(sent=True, status=self.status, headers=reply.headers, body=body, text=reply.text)

    def broken(self, words: str, secrets: tuple[str, ...]) -> Posted:
        """The record of a POST that was not answered, or not to the end; an id that came whole is not lost."""
        if self.status is not None:
            answer = self.complete(secrets)
            if 200 <= self.status < 300 and id_in(answer.body) is not None:
                return answer
            words = f"the answer {self.status} broke off ({words}): {excerpt(bytes(self.data), secrets)}"
        return Posted(sent=self.sent, text=clean(words, secrets=secrets))
