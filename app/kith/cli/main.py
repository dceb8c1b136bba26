"""The command line `kith`."""

import logging
import sys
from contextlib import suppress
from typing import Annotated

import typer

from kith import __version__
from kith.cli import (
    backup,
    build_kb,
    demo,
    duplicates,
    exchange,
    find,
    forget,
    ignore,
    knowledge,
    learn_moves,
    link,
    models,
    people,
    photos,
    privacy,
    recognize,
    redecide,
    report,
    runs,
    settings,
    status,
    tags,
    unknowns,
    watch,
    why,
)
from kith.cli.output import Notices, say, tell
from kith.cli.streams import let_go, settle_streams
from kith.errors import FilingFailed, KithError
from kith.logs import start_log, told_of_bug
from kith.messages import command
from kith.process import BUG, CANNOT, OUT_OF_MEMORY, STOPPED, interrupt_on_ctrl_c, is_out_of_memory
from kith.text import printable

_log = logging.getLogger(__name__)

# In the order in which --help names them.
GROUPS = (
    ignore,
    redecide,
    why,
    build_kb,
    recognize,
    watch,
    report,
    runs,
    learn_moves,
    status,
    settings,
    demo,
    models,
    people,
    find,
    duplicates,
    photos,
    link,
    forget,
    backup,
    exchange,
    knowledge,
    tags,
    unknowns,
    privacy,
)

cli = typer.Typer(
    name="kith",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Kith finds the people you know in your own photo collection. Photos never leave this machine.",
    epilog="Exit codes: 0 done (photos that failed are named), 1 a bug (see the log), 2 a wrong command line, "
    "3 it could not be done (the message says what to do) or not one photo could be used, 130 stopped by Ctrl-C.",
)
for commands in GROUPS:
    cli.add_typer(commands.group)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"Kith {__version__}")
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that come before a command."""


def main() -> None:
    """Run the command line and leave with its exit code; bugs go to the log with their traceback."""
    settle_streams()
    start_log()
    logging.getLogger("kith.library").addHandler(Notices(logging.WARNING))
    try:
        sys.exit(_exit_code())
    finally:
        let_go()


def _exit_code() -> int:
    with suppress(OSError, FilingFailed):  # of a standard error that takes nothing
        try:
            interrupt_on_ctrl_c()
            return int(cli(prog_name=command(), standalone_mode=False) or 0)
        except KithError as error:
            tell(str(error))
        except typer.TyperException as error:
            error.message = "\n".join(map(printable, error.message.split("\n")))  # a file's name may be in it
            error.show()  # type: ignore[attr-defined]  # all that are raised have it
            return error.exit_code
        except (KeyboardInterrupt, typer.Abort):
            return STOPPED
        except Exception as error:  # noqa: BLE001 - the last resort: nobody is to read a traceback
            return _exit_code_of(error)
    return CANNOT


def _exit_code_of(error: Exception) -> int:
    _log.error("bug", exc_info=error)
    if is_out_of_memory(error):
        tell(OUT_OF_MEMORY)
        return CANNOT
    tell(f"{told_of_bug()}; nothing filed or stored is lost, and {command()} can be started again.")
    return BUG
