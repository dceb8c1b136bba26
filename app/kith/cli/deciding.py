"""All recognised photos decided again after the settings were changed, or taken back, by a command."""

import os
import threading

from kith.cli.job import ctrl_c_sets
from kith.cli.output import tell
from kith.cli.progress import printer_for
from kith.errors import KithError
from kith.jobs.context import open_context
from kith.jobs.events import RedecisionFinished
from kith.jobs.open_library import OpenLibrary
from kith.jobs.redecision import redecide
from kith.messages import JobName
from kith.setting_rules import decide_otherwise
from kith.settings import Settings


def applied(before: Settings, after: Settings) -> RedecisionFinished | None:
    """Note changed settings in the library, to be undone there, and decide by them; None where that is not to be done.

    What hinders it is told: the settings are changed all the same.
    """
    if not decide_otherwise(before, after) or not os.path.exists(after.library_file):
        return None
    try:
        with OpenLibrary(after) as library:
            library.apply_settings(before, after)
    except KithError as error:
        tell(error.message)
        return None
    return decided_again(after)


def decided_again(settings: Settings) -> RedecisionFinished | None:
    """Decide all recognised photos, and tell of all but the end; None where there are none, or that cannot be."""
    stop = threading.Event()
    finished = None
    try:
        with OpenLibrary(settings) as library:
            if not library.count_recognised():
                return None
        with (
            ctrl_c_sets(stop),
            printer_for(False) as show,
            open_context(settings, stop, JobName.DECIDE_AGAIN, tell=show) as context,
        ):
            for event in redecide(context):
                if isinstance(event, RedecisionFinished):
                    finished = event
                else:
                    show(event)
    except KithError as error:
        tell(error.message)
    return finished
