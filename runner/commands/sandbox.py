"""`shotlock sandbox`: the API on loopback, for any client that speaks it."""

import click

from runner.commands.preview import MISSING
from runner.errors import Stop


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="0 takes a free one.")
def command(port: int) -> None:
    """Serve the videos API on this machine, with free clips, until Ctrl-C.

    The first line on standard output is the base URL; any key is let in.
    """
    try:
        from runner.sandbox.serve import serve

        serve(port)
    except ImportError:
        raise Stop(MISSING) from None
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise Stop(f"port {port} cannot be had: {words}", hint="leave --port out, and a free one is taken") from None
