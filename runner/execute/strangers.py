"""Strangers: jobs that the server's list shows and no fact explains, as on a new machine. What may be one's is held."""

from runner.errors import ServerUnreachable
from runner.events import Ending
from runner.execute.asking import unanswered
from runner.execute.control import Interrupted
from runner.execute.evidence import Listing, Strangers, strangers, titles, unexplained
from runner.execute.scene import Run
from runner.plan.steps import Step
from runner.plan.table import Reason
from runner.provider.replies import Moved, NoRoute, NotAServer, Refused, ReplyError
from runner.provider.videos import Videos


async def without_strangers(purchases: list[Step], run: Run, videos: Videos) -> list[Step]:
    """The purchases less those of which the server has a job already: a person must decide."""
    listing = await _listing(run, videos)
    if listing is None:
        return purchases
    found = strangers(listing, run.scene().everywhere)
    return [step for step in purchases if not _is_there(step, run, found)]


async def _listing(run: Run, videos: Videos) -> Listing | None:
    """The server's list, where it has one that can be read. One that is no videos server at all halts the run."""
    try:
        return await run.listed(videos)
    except (NoRoute, Interrupted, Refused):
        pass  # whether a refusal is the key's fault, the first POST tells
    except NotAServer as error:
        hint = "does the base URL belong to a videos server, and should it end in `/v1`?"
        run.control.halt(ServerUnreachable(f"the base URL leads to a web page: {error.words}", hint=hint))
    except Moved as error:
        hint = "if that is your server, set it as the base URL: a purchase is never redirected"
        run.control.halt(ServerUnreachable(error.words, hint=hint))
    except ReplyError as error:
        run.say(f"the server's list cannot be read: {unanswered(error)}")
    return None


def _is_there(step: Step, run: Run, found: Strangers) -> bool:
    if step.wanted is None or step.reason is Reason.ASKED:
        return False
    jobs = unexplained(step.wanted.request, found)
    if jobs:
        why = f"the server has a job for this very request that nobody here remembers: {titles(jobs)}"
        run.end(step, Ending.HELD, why, hint=f"{run.adopt_hint(step, jobs[0].id)} | --resubmit")
    return bool(jobs)
