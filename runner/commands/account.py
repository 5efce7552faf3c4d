"""With whom a run deals: the server that is set, with its key, or the embedded sandbox where none is."""

from dataclasses import dataclass, field
from typing import Final

from runner.commands.wanted import Wanted
from runner.errors import NoCredentials
from runner.lock.ledger import digest_of_key
from runner.provider.key import check_key
from runner.provider.manner import Auth, Manner
from runner.provider.origin import host_of, origin_of
from runner.settings import BASE_URL, KEY, Settings

EMBEDDED: Final = "embedded"
HOW_TO_BUY: Final = f"set {BASE_URL} and {KEY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A server and the key that is shown to it."""

    origin: str
    key: str | None = field(repr=False)
    manner: Manner = field(default_factory=Manner)

    @property
    def preview(self) -> bool:
        """Whether nothing is bought here."""
        return self.origin == EMBEDDED

    @property
    def host(self) -> str:
        """The server's name on the screen."""
        return self.origin if self.preview else host_of(self.origin)

    @property
    def digest(self) -> str:
        """What stands for the key in the ledger."""
        return digest_of_key(self.key)


def account_of(wanted: Wanted, settings: Settings, *, preview: bool) -> Account:
    """The account that a run of this manifest uses.

    Raises:
        NoCredentials: a server is set, but not the key that its profile wants, or the key is malformed.
        WrongUsage: the base URL is none.
    """
    origin = origin_for(wanted, settings)
    if preview or origin is None:
        return Account(origin=EMBEDDED, key=None)
    key = key_for(wanted, settings)
    if key is None and wanted.profile.manner.auth is not Auth.NONE:
        raise NoCredentials(
            f"the server {host_of(origin)} is set, but there is no key for it",
            hint=f"set {KEY}, or say --preview for free previews",
        )
    if key is not None:
        check_key(key)
    return Account(origin=origin, key=key, manner=wanted.profile.manner)


def unsent(settings: Settings) -> str:
    """What to say of a base URL of which a part is not sent; empty where there is none."""
    if not any(mark in (settings.base_url or "") for mark in "?#"):
        return ""
    return f"what follows the path of {BASE_URL} is not sent: say `query:` in the profile for what every request has"


def key_for(wanted: Wanted, settings: Settings) -> str | None:
    """The key that is set, if the profile wants one."""
    return None if wanted.profile.manner.auth is Auth.NONE else settings.key


def origin_for(wanted: Wanted, settings: Settings) -> str | None:
    """The origin that is set in the environment or else in the manifest. Raises WrongUsage."""
    base_url = settings.base_url or wanted.batch.base_url
    return None if base_url is None else origin_of(base_url)
