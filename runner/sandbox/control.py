"""The sandbox's own routes, for tests in another process: faults, ledger, clock.

They ask for no key, so a web page must not be able to use them, and killing has to be allowed by who starts the server.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from runner.sandbox.calls import Call
from runner.sandbox.faults import Do, Fault, FaultError
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.refusal import Refusal, unknown_route
from runner.sandbox.script import Script

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What can be read and set from outside."""

    script: Script
    now: Callable[[], float]
    advance: Callable[[float], None]
    ledger: Callable[[], dict[str, Any]]
    may_kill: bool

    def answer(self, call: Call, request: Request) -> Reply:
        """Do what is asked."""
        try:
            _from_a_program(request)
            return json_reply(self._answer(call, request))
        except FaultError as error:
            return Refusal(str(error), code="invalid_fault").reply()
        except Refusal as refusal:
            return refusal.reply()

    def _answer(self, call: Call, request: Request) -> Any:
        match request.head.method, call.path:
            case "GET", "/_sandbox/ledger":
                return self.ledger()
            case "GET", "/_sandbox/faults":
                return [fault.as_json() for fault in self.script]
            case "POST", "/_sandbox/faults":
                self.script.extend([self._fault(value) for value in _list(_json(request))])
                return {"faults": len(self.script)}
            case "DELETE", "/_sandbox/faults":
                self.script.clear()
                return {"faults": 0}
            case "POST", "/_sandbox/clock":
                self.advance(_seconds(_json(request)))
                return {"now": self.now()}
            case _:
                raise unknown_route(request.head.method, request.head.target)

    def _fault(self, value: Any) -> Fault:
        fault = Fault.from_json(value)
        if fault.do is Do.KILL and not self.may_kill:
            raise FaultError("`kill` is not allowed on this server")
        return fault


def _from_a_program(request: Request) -> None:
    try:
        host = urlsplit(f"//{request.header('host')}").hostname
    except ValueError:
        host = None
    if "origin" in request.head.headers or host not in _LOOPBACK:
        raise Refusal("These routes are not for web pages.", status=403, code="forbidden")


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal("The body is no JSON.", code="invalid_body") from None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _seconds(value: Any) -> float:
    match value:
        case {"advance": int() | float() as seconds} if abs(seconds) < 1e9:
            return float(seconds)
    raise Refusal("Expected an object with `advance` in seconds.", code="invalid_body")
