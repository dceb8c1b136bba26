"""`kith write-names` and `kith import-tags`: names of people in photos, for other programs and from them."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.import_tags import TagsFound, find_tags, found_lines
from kith.jobs.import_tags import import_tags as take_over
from kith.jobs.open_library import OpenLibrary
from kith.jobs.write_names import names_summary
from kith.jobs.write_names import write_names as write
from kith.messages import Message

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


@group.register("import-tags", "~/Pictures --yes")
def import_tags(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of photos that other programs named.")],
    contacts: Annotated[
        Path | None, typer.Option("--contacts", metavar="FILE", help="Picasa's contacts.xml, if it lies elsewhere.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told.")] = False,
) -> None:
    """Take over whom digiKam, Lightroom, Picasa, Windows and others named in photos, as your own word.

    Regions and names in XMP, in sidecars, and in Picasa's .picasa.ini are read. A face that Kith finds there is that
    person's, any other is drawn. One undo takes all of it back.
    """
    settings = call.settings()
    found = find_tags(settings, folder, contacts)
    if not yes:
        told = (Message("Nothing was changed: --yes does it."),) if found.photos else ()
        call.show(_preview(found), found_lines(found), (*found.problems, *told))
        return
    call.show_outcome(take_over(settings, found))


def _preview(found: TagsFound) -> dict[str, object]:
    return {"photos": len(found.photos), "people": found.people, "to_look_at": found.to_look_at, "left": found.problems}
