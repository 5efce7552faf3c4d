"""What a survey of a server found, for people and as data."""

from typing import Any, Final

from runner.provider.survey import Survey
from runner.report.columns import table
from runner.report.wording import counted, shown

_SECOND: Final = 1.5  # seconds: a server tells its time in whole ones


def doctor_text(found: Survey, host: str, profile: str, *, key: bool) -> str:
    """One line for each question."""
    rows = [
        ("server", f"{shown(host)} answers in {found.latency * 1000:.0f} ms"),
        ("key", _key(found, given=key)),
        ("list", _list(found)),
        ("unknown job", shown(found.stranger or "it claims to have a job that nobody made")),
        ("clock", _clock(found.skew)),
        ("profile", _profile(found, profile)),
    ]
    return "\n".join(table(rows)) + "\n\nnothing was bought\n"


def doctor_json(found: Survey, host: str, profile: str) -> dict[str, Any]:
    """The same as data; null stands for unknown or none."""
    return {
        "server": host,
        "latency": round(found.latency, 4),
        "key_refused": found.refused or None,
        "listed": found.listed,
        "unread": found.unread,
        "no_list": found.no_list or None,
        "clock_ahead": None if found.skew is None else round(found.skew, 1),
        "profile": profile,
        "looks_like": found.profile or None,
        "because": found.because or None,
    }


def _key(found: Survey, *, given: bool) -> str:
    if found.refused:
        return f"refused: {shown(found.refused)}" if given else f"none is set, and it wants one: {shown(found.refused)}"
    return "let in" if given else "none is set, and none was asked for"


def _list(found: Survey) -> str:
    if found.refused:
        return "not shown"
    if found.listed is None:
        return shown(f"{found.no_list}; a purchase whose answer is lost waits for a person")
    unread = ", and what cannot be read: see `replies` in the profile" if found.unread else ""
    return f"there is one, with {counted(found.listed, 'job')} on its first page{unread}"


def _clock(skew: float | None) -> str:
    if skew is None:
        return "it tells no time"
    if abs(skew) <= _SECOND:
        return "as this machine's"
    return f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's"


def _profile(found: Survey, profile: str) -> str:
    if not found.profile:
        return f"`{shown(profile)}`; it looks like none in particular"
    if found.profile == profile:
        return f"`{shown(profile)}`, and it looks like that: {found.because}"
    return f"it looks like `{found.profile}`: {found.because}; now `{shown(profile)}` is used"
