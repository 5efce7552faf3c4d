"""All mutants, by what they break."""

from typing import Final
from unittest.mock import patch

from runner.execute import evidence, strangers
from runner.lock.facts import State
from tests.crash.mutants import buying, memory
from tests.crash.mutants.mutant import Mutant
from tests.crash.simulation.disk import SimDisk

MUTANTS: Final = tuple(
    Mutant(name=name, patches=patches)
    for name, patches in {
        # what is durable, and when
        "no fsync at all": lambda: [patch.object(SimDisk, "sync", lambda self, path: None)],
        "no folder ever synced": lambda: [patch.object(SimDisk, "sync_folder", lambda self, path: None)],
        "intent not fsynced": lambda: memory.appends_synced_only(lambda line: b'"state":"intent"' not in line),
        "id not fsynced": lambda: memory.appends_synced_only(lambda line: b'"state":"submitted"' not in line),
        "intent after the POST": memory.intent_after_post,
        "lockfile written before the ledger": memory.lockfile_first,
        "believed before it is fsynced": memory.believed_before_synced,
        "fold in place": lambda: memory.folds(memory.in_place),
        "fold without fsync": lambda: memory.folds(memory.unsynced),
        "fold without folder sync": lambda: memory.folds(memory.without_folder),
        "no torn-tail rule": memory.no_torn_rule,
        # what facts mean, and who has them
        "unsent ranks below intent": lambda: memory.ranked(unsent=-1.0),
        "abandoned ranks above submitted": lambda: memory.ranked(abandoned=2.5),
        "a claim is not recorded": memory.claims_not_recorded,
        "claims have no order": memory.claims_without_order,
        "failed jobs not brought back": lambda: memory.not_brought_back(State.FAILED),
        "bought clips not brought back": lambda: memory.not_brought_back(State.DONE, State.SUBMITTED),
        "unconfirmed attempts not brought back": lambda: memory.not_brought_back(State.INTENT),
        "lockfile's facts not taken into a new ledger": memory.lockfile_not_taken_in,
        "ledgers of a rotated key not read": lambda: memory.ledgers_not_read(memory.of_this_key),
        "a lockfile that git put there is overwritten": memory.changes_overwritten,
        # sending
        "POST again when the answer is lost": lambda: buying.sent_again(lambda unclear: True),
        "POST again after an error": lambda: buying.sent_again(lambda unclear: unclear.why.startswith("50")),
        "one nonce for two POSTs": buying.one_nonce,
        "retried without end": buying.retried_without_end,
        # what the list proves
        "no settle time": lambda: buying.option("settle", 0.0),
        "settle too short for lateness and lag": lambda: buying.option("settle", 60.0),
        "absence believed from one list": buying.absent_at_once,
        "absence believed from any list": lambda: buying.list_believed(lambda lists: True),
        "absence believed from an empty list": lambda: buying.list_believed(lambda lists: lists == "empty"),
        "absence believed from a partial list": lambda: buying.list_believed(lambda lists: lists == "partial"),
        "absence for attempts of another key, or past retention": lambda: buying.absence(buying.vouched_for),
        "adoption while an equal POST is live": lambda: [patch.object(evidence, "_alike", lambda *_: False)],
        "adopted without its prompt": lambda: [patch.object(evidence, "same", evidence.may_be)],
        "claimed ids not excluded": lambda: [patch.object(evidence, "_unclaimed", lambda jobs, _: list(jobs))],
        "adoption of another manifest's job": buying.only_own_jobs_known,
        "adoption of a job older than the attempt": lambda: buying.window(buying.no_younger),
        "adoption of a job younger than the attempt's window": lambda: buying.window(buying.no_older),
        "adoption where more jobs fit than attempts": buying.more_candidates_than_attempts,
        "no look for jobs that nobody remembers": lambda: [
            patch.object(strangers, "unexplained", lambda *_: ()),
        ],
        # slots
        "unconfirmed attempts hold no slot": lambda: buying.holds(lambda self, attempt, left: 0.0),
        "slot freed before the longest render": lambda: buying.holds(buying.render_forgotten),
        "abandoned attempts hold no slot": lambda: buying.holds(buying.given_up_is_over),
        "slot check and record not atomic": buying.stale_reserve,
        "slots counted from one lockfile": buying.one_lockfile_only,
        # clips and time
        "stored clip not fsynced": buying.clips_kept_unsynced,
        "named before recorded, not stored": buying.named_before_recorded,
        "content not verified": buying.not_verified,
        "ages by the wall clock": buying.by_the_wall_clock,
        "expired by any clock": buying.expired_by_any_clock,
    }.items()
)
