"""The command line `kith`."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kith import __version__
from kith.cli.demo import run_demo
from kith.cli.knowledge import knowledge
from kith.cli.models import models
from kith.cli.options import (
    AsJson,
    Overrides,
    ResultAsJson,
    SettingsFile,
    changed,
    loaded_settings,
    pairs,
    settings_for_run,
)
from kith.cli.people import people, words
from kith.cli.printing import Notices, say, show, tell
from kith.cli.redecide import redecide
from kith.cli.running import run_job
from kith.cli.streams import let_go, settle_streams
from kith.cli.unknowns import ignore, unknowns
from kith.cli.why import why
from kith.errors import FilingFailed, KithError, command
from kith.jobs.build_kb import build_kb
from kith.jobs.recognize_folder import recognize_folder
from kith.logs import log_file, start_log
from kith.process import CANNOT, OUT_OF_MEMORY, STOPPED, interrupt_on_ctrl_c, is_out_of_memory
from kith.settings import Settings, described, save, user_folder
from kith.text import printable

_log = logging.getLogger(__name__)

BUG = 1

cli = typer.Typer(
    name="kith",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Kith finds the people you know in your own photo collection. Photos never leave this machine.",
    epilog="Exit codes: 0 done (photos that failed are named), 1 a bug (see the log), 2 a wrong command line, "
    "3 it could not be done (the message says what to do) or not one photo could be used, 130 stopped by Ctrl-C.",
)
cli.add_typer(models, name="models")
cli.add_typer(people, name="people")
cli.add_typer(words)
cli.add_typer(knowledge)
cli.add_typer(unknowns, name="unknowns")
cli.command(epilog=f"Example: {command('ignore')} --others ~/Pictures/street.jpg")(ignore)

cli.command(epilog=f"Example: {command('redecide')} --preview --set face_tol=0.5")(redecide)
cli.command(epilog=f"Example: {command('why')} ~/Pictures/summer/IMG_1234.jpg")(why)


@cli.command("build-kb", epilog=f"Example: {command('build-kb')} --set dataset_dir=~/Pictures/people")
def build(
    forget_missing: Annotated[
        bool, typer.Option("--forget-missing", help="Forget people whose folder is not there or has no photo now.")
    ] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Learn the people from the people folder, which holds one folder of photos per person.

    Photos that did not change since the last time are not analysed again. What a folder taught that is not there now,
    perhaps with its drive, is kept until you say otherwise.
    """
    job = partial(build_kb, forget="all" if forget_missing else ())
    run_job(settings_for_run(settings, overrides), "Build KB", job, as_json, create=True)


@cli.command(epilog=f"Example: {command('recognize')} ~/Pictures/summer --output ~/Pictures/sorted")
def recognize(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of photos, or photos; the input folder of the settings if none."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the copies and the report.")] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Recognise the people in folders of photos and file copies under their names.

    Single photos are only told about; with --output they are filed as well.
    """
    chosen = settings_for_run(settings, overrides)
    inputs = paths or [chosen.input_folder]
    target = output.absolute() if output else chosen.output_folder
    filing = target if output or any(os.path.isdir(path) for path in inputs) else None
    run_job(chosen, "Recognize Folder", lambda context: recognize_folder(context, inputs, filing), as_json)


@cli.command("settings", epilog=f"Example: {command('settings')} face_tol=0.5")
def show_settings(
    changes: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to change.")] = None,
    settings: SettingsFile = None,
    as_json: ResultAsJson = False,
) -> None:
    """Show every setting with what it does, or change some for good."""
    loaded = loaded_settings(settings)
    for problem in loaded.problems:
        tell(problem)
    values = changed(loaded.settings, pairs(changes or [], "KEY=VALUE"), "KEY=VALUE")
    if changes:
        save(loaded.path, values)
    folders = {"Data folder": user_folder("data"), "Cache folder": user_folder("cache"), "Log file": log_file()}
    places = {"Settings file": loaded.path} | folders
    told = {name.lower().replace(" ", "_"): place for name, place in places.items()}
    lines = [*(f"{name}: {place}" for name, place in places.items()), "", *_setting_lines(values)]
    show({**told, "settings": values.model_dump(mode="json"), "problems": loaded.problems}, lines, as_json)


def _setting_lines(values: Settings) -> Iterator[str]:
    current = values.model_dump(mode="json")
    for row in described():
        yield f"{row.key} = {json.dumps(current[row.key], ensure_ascii=False)}"
        yield f"    {row.help} Default: {row.default}."


@cli.command(epilog=f"Example: {command('demo')} --folder ~/kith-demo")
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where to work; a folder in your user data if not named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the whole job on test photos: fetch them, build a knowledge base, recognise, file."""
    run_demo(folder, as_json)


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
    tell(
        f"Something went wrong that should not have. {log_file()} tells what; nothing filed or stored is lost, "
        f"and {command()} can be started again."
    )
    return BUG
