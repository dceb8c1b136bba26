"""`kith why`: the grounds of the decisions on a photo."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import Overrides, ResultAsJson, SettingsFile, settings_for_run
from app.cli.printing import printable
from app.jobs import why as grounds
from app.jobs.why_lines import why_lines


def why(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo that was recognised or learned from.")],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Tell why a photo is filed as it is: for each face the three best people, and the rule that decided.

    It reads the library only; with --set it tells what another setting would decide.
    """
    told = grounds.why(settings_for_run(settings, overrides), photo)
    text = json.dumps(dataclasses.asdict(told)) if as_json else "\n".join(map(printable, why_lines(told)))
    sys.stdout.write(f"{text}\n")
