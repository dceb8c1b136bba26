"""The options that several commands share, and the settings they come to."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kith.cli.output import tell
from kith.errors import BadInput, BadSetting
from kith.settings import Loaded, Settings, conflicts, load, load_user_settings, with_overrides

_SETTINGS_FILE = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Use this settings file instead of your own.")
]
_OVERRIDES = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting for this run, e.g. --set face_tol=0.5."),
]
_EVENTS_AS_JSON = Annotated[bool, typer.Option("--json", help="Print the events as JSON, one object a line.")]
_RESULT_AS_JSON = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]

_DASK = Annotated[
    str | None,
    typer.Option(
        "--dask", metavar="ADDRESS", help="Have the workers of a Dask cluster look at photos: tcp://HOST:8786."
    ),
]

# The options of a command beside its own, by the attributes of its Call.
FOR_RESULT = {"settings_file": _SETTINGS_FILE, "overrides": _OVERRIDES, "as_json": _RESULT_AS_JSON}
FOR_JOB = FOR_RESULT | {"as_json": _EVENTS_AS_JSON}
FOR_LOOKING = FOR_JOB | {"dask": _DASK}
OF_SETTINGS = {"settings_file": _SETTINGS_FILE, "as_json": _RESULT_AS_JSON}
OF_DEMO = {"as_json": _EVENTS_AS_JSON}

Gently = Annotated[
    bool,
    typer.Option(
        "--gentle",
        help="Leave the computer to others: lowest priority, fewer cores, no work on battery or in quiet hours.",
    ),
]
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="A name, another name of theirs, or #3.")]


def settings_for_run(file: Path | None, overrides: Sequence[str] | None) -> Settings:
    """Return the settings of the file with this run's overrides; a bad value in the file is said, not fatal.

    Raises BadParameter for a file that is none, and for a wrong override; BadInput as `loaded_settings`.
    """
    loaded = loaded_settings(file)
    for problem in loaded.problems:
        tell(f"Settings: {problem}")
    return changed(loaded.settings, pairs(overrides or [], "--set"), "--set")


def loaded_settings(file: Path | None) -> Loaded:
    """Return what a settings file says, or the user's own.

    Raises BadParameter for a file that is none, and BadInput where nothing in it can be read: a run on other folders
    than the user's is worse than none.
    """
    loaded = load_user_settings() if file is None else _named_settings(file)
    loaded.checked()
    return loaded


def _named_settings(file: Path) -> Loaded:
    path = os.path.abspath(os.path.expanduser(file))
    if os.path.isdir(path):
        raise typer.BadParameter(f"{path} is a folder, not a settings file: check the path", param_hint="--settings")
    if not os.path.exists(path):
        raise typer.BadParameter(f"{path} is not there: check the path", param_hint="--settings")
    return load(file)


def changed(settings: Settings, changes: Mapping[str, str], option: str) -> Settings:
    """Return the settings with some changed; raises BadParameter naming the key, the value and what is allowed."""
    try:
        values = with_overrides(settings, changes)
        for key, reason in conflicts(values).items():
            if key not in conflicts(settings):
                raise BadSetting(key, reason)
        return values
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def gently(settings: Settings, gentle: bool) -> Settings:
    """Return the settings, gentle where that is asked for."""
    return with_overrides(settings, {"gentle": "yes"}) if gentle else settings


def pairs(texts: Sequence[str], option: str, example: str = "face_tol=0.5") -> dict[str, str]:
    """Return KEY=VALUE texts as a dictionary; raises BadParameter."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} is not given as KEY=VALUE, for example {example}", param_hint=option)
        found[key.strip()] = value.strip()
    return found
