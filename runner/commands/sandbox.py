"""`shotlock sandbox`: the API on loopback, for any client that speaks it."""

import click

from runner.commands.preview import MISSING
from runner.errors import Stop, WrongUsage
from runner.manifest.wording import listing, quoted, suggestion


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="0 takes a free one.")
@click.option("--dialect", default="sora", metavar="NAME", help="Speak as servers of that kind do; see `profiles`.")
def command(port: int, dialect: str) -> None:
    """Serve the videos API on this machine, with free clips, until Ctrl-C.

    The first line on standard output is the base URL; any key is let in.
    """
    try:
        from runner.sandbox.dialects import DIALECTS
        from runner.sandbox.serve import serve

        if dialect not in DIALECTS:
            hint = suggestion(dialect, list(DIALECTS), f"there are {listing(DIALECTS)}")
            raise WrongUsage(f"there is no dialect {quoted(dialect)}", hint=hint)
        serve(port, dialect=DIALECTS[dialect]())
    except ImportError:
        raise Stop(MISSING) from None
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise Stop(f"port {port} cannot be had: {words}", hint="leave --port out, and a free one is taken") from None
