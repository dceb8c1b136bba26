"""`kith write-names` and `kith import-tags`: names of people in photos, for other programs and from them."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.open_library import OpenLibrary
from kith.jobs.write_names import names_summary
from kith.jobs.write_names import write_names as write

group = Group()


@group.register("write-names", "~/Pictures/summer --dry-run --set names_in=photos")
def write_names(
    call: Call,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Photos, or folders of photos; every recognised photo if none.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be written.")] = False,
) -> None:
    """Write who shows as XMP now, beside or into copies and photos as names_in of the settings says.

    Other photo programs read it. What they wrote stays; what Kith wrote elsewhere is taken out again.
    """
    with OpenLibrary(call.settings()) as library:
        written = write(library, paths or (), dry_run)
        call.show(written, names_summary(written), written.problems)
