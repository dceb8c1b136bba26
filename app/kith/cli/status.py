"""`kith status`: how things stand, and what to do next."""

from kith.cli.command import Call, Group
from kith.jobs.open_library import OpenLibrary
from kith.jobs.overview import overview, overview_lines

group = Group()


@group.register("status")
def status(call: Call) -> None:
    """Tell what is known, what the last run came to, and which faces wait to be named."""
    with OpenLibrary(call.settings()) as library:
        found = overview(library)
    call.show(found, overview_lines(found))
