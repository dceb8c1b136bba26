"""`kith redecide`: decide again what the machine says, without looking at a photo."""

from typing import Annotated

import typer

from kith.cli.options import AsJson, Overrides, SettingsFile, settings_for_run
from kith.cli.running import run_job
from kith.jobs import redecision


def redecide(
    preview: Annotated[bool, typer.Option("--preview", help="Only tell what would change; write nothing.")] = False,
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Decide again who is in every photo known, after a change of settings, people or links; no photo is opened.

    Filed copies follow, wherever they were filed. What you or the people folder said stays as it is.
    """
    chosen = settings_for_run(settings, overrides)
    run_job(chosen, "Decide Again", lambda context: redecision.redecide(context, preview), as_json)
