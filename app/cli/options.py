"""The options that several commands share, and the settings they come to."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.errors import BadInput
from app.settings import Settings, load, load_user_settings, with_overrides

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Use this settings file instead of your own.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting for this run, e.g. --set face_tol=0.5."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the events as JSON, one object a line.")]
ResultAsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


def settings_for_run(file: Path | None, overrides: list[str] | None) -> Settings:
    """Return the settings of the file with this run's overrides; what is wrong in the file is said, not fatal."""
    loaded = load(file) if file else load_user_settings()
    if file and not os.path.exists(loaded.path):
        sys.stderr.write(f"{loaded.path} is not there: every setting has its default\n")
    for problem in loaded.problems:
        sys.stderr.write(f"Settings: {problem}\n")
    return with_overrides(loaded.settings, pairs(overrides or []))


def pairs(texts: list[str], example: str = "face_tol=0.5") -> dict[str, str]:
    """Return KEY=VALUE texts as a dictionary; raises BadInput."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"{text}: this is given as KEY=VALUE, for example {example}")
        found[key.strip()] = value.strip()
    return found
