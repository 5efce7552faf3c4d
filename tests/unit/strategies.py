"""Facts and records of every kind, as hypothesis draws them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from runner.lock.facts import Acceptance, Attempt, AttemptId, Claim, Clip, End, Intent, Owner, Ruling, State
from runner.manifest.request import Fit, ReferenceImage, Request
from tests.unit.factories import make_intent

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_TEXTS = st.one_of(
    _WORDS, st.sampled_from(["角马吃甜甜圈", "a \\ \" ' {} <<<<<<< \n=======", '","crc":"00000000"}', "\u2028\x85\x00"])
)
_DIGESTS = st.sampled_from(["a" * 64, "b" * 64, "0123456789abcdef" * 4])
_FRACTIONS = st.floats(0, 1, allow_nan=False)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _WORDS),
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(_WORDS, below, max_size=2)),
    max_leaves=4,
)
_KEYS = _WORDS.map(lambda word: f"later {word}")
MOMENTS = st.integers(0, 4_102_444_800_000).map(lambda milliseconds: round(milliseconds / 1000, 3))
PRICES = st.one_of(st.none(), st.decimals(0, 10_000, places=4), st.integers(0, 500).map(Decimal))

REQUESTS = st.builds(
    Request,
    model=_TEXTS,
    prompt=_TEXTS,
    size=st.sampled_from(["1280x720", "720x1280"]),
    seconds=st.sampled_from(["4", "8", "12"]),
    reference=st.one_of(
        st.none(),
        st.builds(
            ReferenceImage,
            sha256=_DIGESTS,
            fit=st.one_of(
                st.none(),
                st.builds(
                    Fit,
                    mode=st.sampled_from(["cover", "contain", "stretch"]),
                    focus=st.tuples(_FRACTIONS, _FRACTIONS),
                    recipe=st.integers(1, 9),
                ),
            ),
        ),
    ),
    extra=st.dictionaries(_WORDS, _JSON, max_size=2),
)

INTENTS = st.builds(
    Intent,
    shot=_TEXTS,
    take=st.integers(1, 99),
    request=REQUESTS,
    origin=_TEXTS,
    profile=_TEXTS,
    price=PRICES,
    currency=st.sampled_from(["", "USD", "人民币"]),
    manifest=_TEXTS,
    at=MOMENTS,
)

RULINGS = st.builds(
    Ruling,
    state=st.sampled_from([State.UNSENT, State.REJECTED, State.ABANDONED]),
    why=_TEXTS,
    at=MOMENTS,
    resubmit=st.booleans(),
)
ACCEPTANCES = st.builds(
    Acceptance,
    jobs=st.lists(_TEXTS, min_size=1, max_size=3, unique=True).map(lambda jobs: tuple(sorted(jobs))),
    at=MOMENTS,
    created_at=st.none() | MOMENTS,
)
ENDS = st.builds(End, state=st.sampled_from([State.FAILED, State.EXPIRED]), code=_TEXTS, message=_TEXTS, at=MOMENTS)
CLIPS = st.builds(
    Clip,
    path=_TEXTS,
    sha256=_DIGESTS,
    bytes=st.integers(0, 1 << 40),
    size=_TEXTS,
    seconds=st.floats(0, 1e6, allow_nan=False),
    audio=st.booleans(),
    at=MOMENTS,
    completed_at=st.none() | MOMENTS,
    expires_at=st.none() | MOMENTS,
)
CLAIMS = st.builds(Claim, number=st.integers(1, 9), shot=_TEXTS)
OWNERS = st.builds(
    Owner,
    paths=st.lists(_TEXTS, min_size=1, max_size=3, unique=True).map(lambda paths: tuple(sorted(paths))),
    key=st.sampled_from(["", "0123456789abcdef", "fedcba9876543210"]),
    calibrated=st.booleans(),
)


def _attempts(intents: st.SearchStrategy[Intent], ids: st.SearchStrategy[str]) -> st.SearchStrategy[Attempt]:
    return st.builds(
        Attempt,
        id=ids.map(AttemptId),
        intent=intents,
        ruling=st.none() | RULINGS,
        acceptance=st.none() | ACCEPTANCES,
        end=st.none() | ENDS,
        clip=st.none() | CLIPS,
        claims=st.lists(CLAIMS, max_size=3, unique=True).map(lambda claims: tuple(sorted(claims))),
        owner=st.none() | OWNERS,
        more=st.dictionaries(_KEYS, _JSON, max_size=2),
    )


ATTEMPTS = _attempts(INTENTS, st.text("0123456789abcdef", min_size=1, max_size=8))
"""Any record."""

_SMALL = {
    "ruling": [Ruling(state=state, why=why, at=at, resubmit=at == 2.0)
               for state in (State.UNSENT, State.ABANDONED) for why in ("one", "two") for at in (1.0, 2.0)],
    "acceptance": [Acceptance(jobs=jobs, at=at, created_at=created)
                   for jobs in (("a",), ("b",), ("a", "c")) for at in (3.0, 4.0) for created in (None, 5.0)],
    "end": [End(state=state, code="", message=message, at=6.0)
            for state in (State.FAILED, State.EXPIRED) for message in ("one", "two")],
    "clip": [Clip(path="p", sha256=letter * 64, bytes=size, size="", seconds=4.0, audio=True, at=7.0)
             for letter in "ab" for size in (1, 2)],
    "claims": [tuple(Claim(number=number, shot=shot) for number, shot in enumerate(shots, 1))
               for shots in ("", "x", "y", "xz")],
    "owner": [Owner(paths=paths, key=key, calibrated=calibrated)
              for paths in (("p",), ("q",), ("p", "r")) for key in ("", "k") for calibrated in (False, True)],
    "more": [{}, {"later": 1}, {"later": "two"}, {"still": [3], "later": 4}],
    "intent": [make_intent(), make_intent(take=2), make_intent(at=make_intent().at + 1)],
}  # fmt: skip

_ALWAYS = ("intent", "claims", "more")

FACTS_OF_ONE = st.builds(
    Attempt,
    id=st.just(AttemptId("0001")),
    **{name: st.sampled_from(pool) for name, pool in _SMALL.items() if name in ("intent", "claims", "more")},
    **{
        name: st.none() | st.sampled_from(pool)
        for name, pool in _SMALL.items()
        if name not in ("intent", "claims", "more")
    },
)
"""What several histories may tell of one attempt: few values, so that they meet and differ often."""
