"""`kith why`: the grounds of the decisions on a photo."""

from typing import Annotated

import typer

from kith.cli.options import Overrides, ResultAsJson, SettingsFile, settings_for_run
from kith.cli.printing import show
from kith.jobs.explanation_lines import why_lines
from kith.jobs.open_library import OpenLibrary


def why(
    photo: Annotated[
        str, typer.Argument(metavar="PHOTO", help="A photo that was recognised or learned from, or PHOTO#NUMBER.")
    ],
    settings: SettingsFile = None,
    overrides: Overrides = None,
    as_json: ResultAsJson = False,
) -> None:
    """Tell why a photo is filed as it is: for each face the three best people, and the rule that decided.

    It reads the library only; with --set it tells what another setting would decide.
    """
    with OpenLibrary(settings_for_run(settings, overrides)) as library:
        told = library.why(photo)
    show(told, why_lines(told), as_json)
