"""What follows from a person's verdict, in words: as the plan has it that is made after it."""

from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.report.wording import shown


def outlook(step: Step, job: str | None = None) -> str:
    """What comes of a shot, or of the job that it was said to be."""
    shot = f"shot `{shown(step.shot)}`"
    mine = step.attempt.jobs if step.attempt else ()
    if job is not None and job not in mine:
        return f"job {shown(job)} is fetched by the next render and kept beside it; {shot}: {step.reason}"
    match step.action:
        case Action.SUBMIT:
            again = "made" if step.reason is Reason.EXPIRED else "bought"
            return f"{shot} is {again} again by the next render"
        case Action.AWAIT | Action.DOWNLOAD | Action.RESTORE if mine:
            return f"{shot} is job {shown(job or mine[0])}: the next render fetches it"
        case Action.RESOLVE:
            return f"{shot} is looked up by the next render"
        case Action.HOLD if step.overdue:
            return f"{shot} has a clip that should have expired: the next render asks for it"
        case Action.HOLD if step.reason in (Reason.ABANDONED, Reason.EXPIRED):
            return f"{shot} is given up: only `retake` buys it again"
        case Action.HOLD:
            return f"{shot} is held: {step.reason}"
        case _:
            return f"{shot} stays as it is: {step.reason}"
