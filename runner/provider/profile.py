"""A profile: what a provider's server can do, as data. What it says of limits goes to the manifest room."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from runner.manifest.limits import Limits
from runner.provider.manner import Manner


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Money per second of video. A pair of model and size that is not in the table has no known price."""

    currency: str
    date: str  # of the source, ISO
    source: str
    per_second: Mapping[str, Mapping[str, Decimal]]  # model -> size, or "*" for every size

    def of(self, model: str, size: str, seconds: str) -> Decimal | None:
        """What one clip costs, or None where nobody said."""
        sizes = self.per_second.get(model) or self.per_second.get("*")
        rate = None if sizes is None else sizes.get(size, sizes.get("*"))
        return None if rate is None else rate * Decimal(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that the server gives only before it admits a job, so that such a POST was not taken."""

    status: int
    code: str = ""  # of the error object; empty: any


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one kind of server can do; see schemas/profile.schema.json for what each field means."""

    name: str
    limits: Limits
    prices: Prices | None
    slots: int  # jobs that may run at once
    manner: Manner
    list_complete: bool  # whether absence from the list proves absence
    settle: float  # seconds until a lost POST must have shown up in the list
    longest_render: float  # seconds a job may run
    retention: float  # seconds that the server keeps a job and its clip
    typical_render: float  # seconds, for the first guess of an ETA
    not_admitted: tuple[Answer, ...]
    resubmit_lost: bool  # unconfirmed and lost jobs are submitted again: only where a clip costs nothing

    @property
    def currency(self) -> str:
        """Of its prices; empty where it has none."""
        return self.prices.currency if self.prices else ""
