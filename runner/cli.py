"""The command line: which commands there are, and the one place where what stops a command becomes words and a code.

A command's module is imported only when the command runs, so that the start stays quick.
"""

import gc
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Final

import click

from runner import __version__
from runner.errors import ExitCode, Stop
from runner.report.streams import standard_streams
from runner.settings import Settings, settings_of

_COMMANDS: Final = {
    "check": "Show everything that is wrong with manifests.",
    "plan": "Show what a render would do, why, and what it costs.",
    "render": "Make every clip that is not there yet.",
    "status": "Show where every shot stands.",
    "verify": "Look closely at every clip that is there.",
    "retake": "Buy shots again, though they have clips.",
    "resolve": "Decide about shots whose purchase is unconfirmed.",
    "init": "Make a folder ready for manifests.",
    "doctor": "See whether a server and a key will do.",
    "profiles": "Show what kinds of servers are known.",
    "lock": "Mend lockfiles.",
    "sandbox": "Serve the API on this machine, with free clips.",
}
_GARBAGE: Final = (50_000, 20, 100)  # looked for seldom: thousands of facts are read at once, and all of them stay
_QUOTED: Final = re.compile(r"'([^']*)'")
_LONGEST: Final = 1000  # characters of a message, and of a hint
_ON_ONE_LINE: Final = str.maketrans("\n\r\t", "   ")
_REPORT_HINT: Final = "nothing is lost: what was bought is recorded; please report this file"


class Commands(click.Group):
    """The commands by name, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the shape is that of click
        """All names, in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the shape is that of click
        """Import a command; None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"runner.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name, or suggest the nearest."""
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=_COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the shape is that of click
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="shotlock %(version)s")
def shotlock() -> None:
    """Video batches in git: a manifest says which clips are wanted, and no clip is bought twice."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Raises nothing."""
    gc.set_threshold(*_GARBAGE)
    settings = settings_of(os.environ)
    with standard_streams():
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
        return _guarded(lambda: _run(arguments, settings), settings)


def _run(arguments: Sequence[str] | None, settings: Settings) -> int:
    code = shotlock.main(arguments, prog_name="shotlock", standalone_mode=False, obj=settings)
    sys.stdout.flush()
    return int(code or 0)


def _guarded(work: Callable[[], int], settings: Settings) -> int:
    """The error boundary."""
    try:
        return work()
    except (Stop, click.ClickException) as stop:
        return _told(stop)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _hang_up()
    except SystemExit as leaving:  # so click leaves a closed pipe
        return leaving.code if isinstance(leaving.code, int) else ExitCode.UNFINISHED
    except OSError as error:
        return _say(_words_of(error), "mend it, then say the same again", ExitCode.STOPPED)
    except Exception as error:  # noqa: BLE001 - the last door: a bug of ours must not look like a user's mistake
        return _defective(error) or _bug(error, settings)


def _told(stop: Stop | click.ClickException) -> int:
    match stop:
        case Stop():
            return _say(stop.message, stop.hint, stop.exit_code)
        case click.exceptions.NoArgsIsHelpError():
            click.echo(stop.message, err=True)
            return ExitCode.WRONG
        case _:
            return _say(*_usage(stop), ExitCode.WRONG)


def _usage(error: click.ClickException) -> tuple[str, str]:
    """The message and the hint of a usage error, in the voice of all others."""
    said, _, meant = _QUOTED.sub(r"`\1`", error.format_message()).partition(" Did you mean ")
    message = said.strip().removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"`{context.command_path} --help` tells what there is" if context else ""
    return message[:1].lower() + message[1:], f"did you mean {meant}" if meant else hint


def _defective(error: Exception) -> int:
    """Show the problems of a manifest, if that is what was raised; 0 if not."""
    if "runner.commands.wanted" not in sys.modules:
        return 0
    from runner.commands.wanted import Defective

    if not isinstance(error, Defective):
        return 0
    click.echo(error.text, err=True, nl=False)
    return ExitCode.WRONG


def _say(message: str, hint: str, code: ExitCode) -> int:
    from runner.manifest.wording import disarmed, harmless

    # A hint is pasted: a file whose name looks like a key is still to be found by it.
    told = f"\nhint: {_told_line(hint, disarmed)}" if hint else ""
    click.echo(f"error: {_told_line(message, harmless)}{told}", err=True)
    return code


def _told_line(text: str, fit: Callable[[str], str]) -> str:
    """Words on one line, not too long, made fit to be shown: names of files are anybody's."""
    line = fit(text[: 2 * _LONGEST].translate(_ON_ONE_LINE))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _words_of(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return where + (error.strerror or str(error)).lower()


def _hang_up() -> int:
    """Nobody reads our output any more: leave without complaint, also at the interpreter's last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.UNFINISHED


def _bug(error: Exception, settings: Settings) -> int:
    from runner.commands.crash import written

    path = written(error, settings)
    where = f"; it is written down in {path}" if path else ""
    return _say(f"a bug of shotlock: {type(error).__name__}{where}", _REPORT_HINT if path else "", ExitCode.BUG)
