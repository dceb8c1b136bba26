"""`kith export` and `kith import`: people in a file for a relative's library, and from it."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group, example_of
from kith.errors import BadInput
from kith.jobs.export_people import export_people, export_summary
from kith.jobs.import_people import PeopleFound, find_people, found_lines, import_people
from kith.jobs.people_matching import Choices, Verdict
from kith.messages import Message

group = Group()
_exports = Group(
    "export",
    no_args_is_help=True,
    help="Files for other libraries and programs.",
    epilog=example_of("export", "people", "~/family.zip"),
)
_imports = Group(
    "import",
    no_args_is_help=True,
    help="Files of other libraries.",
    epilog=example_of("import", "people", "~/family.zip"),
)
_NewFile = Annotated[Path, typer.Argument(help="A new file.")]
_WithFaces = Annotated[
    bool, typer.Option("--with-faces", help="Put a small picture of each person's face in, to know them by.")
]
_File = Annotated[Path, typer.Argument(help="The file that a relative exported.")]
_As = Annotated[
    list[str] | None, typer.Option("--as", metavar="THEIRS=OURS", help="Who that is here; may be given several times.")
]
_New = Annotated[list[str] | None, typer.Option("--new", metavar="NAME", help="Somebody who is not known here.")]
_Without = Annotated[list[str] | None, typer.Option("--without", metavar="NAME", help="Somebody to be left out.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only told.")]


@_exports.register("people", "~/family.zip Anna Ben")
def export_some(
    call: Call,
    file: _NewFile,
    persons: Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help="Whom; else everybody.")] = None,
    with_faces: _WithFaces = False,
) -> None:
    """Write people with details, taught faces and every word on them to a file, without photos.

    Faces as numbers are biometric: give the file only to whom you trust.
    """
    done = export_people(call.settings(), file, persons or (), with_faces=with_faces)
    call.show(done, export_summary(done))


@_exports.register("library", "~/family.zip")
def export_all(call: Call, file: _NewFile, with_faces: _WithFaces = False) -> None:
    """Write everybody to a file as `export people` does, and whom you ignore, too: all that was ever said.

    Faces as numbers are biometric: give the file only to whom you trust.
    """
    done = export_people(call.settings(), file, whole=True, with_faces=with_faces)
    call.show(done, export_summary(done))


def import_file(
    call: Call, file: _File, who: _As = None, new: _New = None, without: _Without = None, yes: _Yes = False
) -> None:
    """Take over the people of a relative's file, be it some or a whole library: who they are here is shown first.

    What they teach and every word on them joins yours; where both contradict, yours stays and theirs is kept beside.
    One undo takes all of it back.
    """
    settings = call.settings()
    found = find_people(settings, file, _choices(who or (), new or (), without or ()))
    if yes:
        call.show_outcome(import_people(settings, found))
    else:
        call.show(_preview(found), found_lines(found), [Message("Nothing was changed: --yes does it.")])


_imports.register("people", '~/family.zip --as "Mum=Anna" --yes')(import_file)
_imports.register("library", "~/family.zip --yes")(import_file)


def _choices(who: list[str] | tuple[()], new: list[str] | tuple[()], without: list[str] | tuple[()]) -> Choices:
    chosen: dict[str, str | Verdict] = {}
    for text in who:
        theirs, _, ours = text.partition("=")
        if not theirs.strip() or not ours.strip():
            raise BadInput(f"--as {text} names nobody: write it as --as THEIRS=OURS.")
        chosen[theirs] = ours
    return chosen | dict.fromkeys(new, Verdict.NEW) | dict.fromkeys(without, Verdict.WITHOUT)


def _preview(found: PeopleFound) -> dict[str, object]:
    return {"file": found.file, "people": found.people, "would": found.joined}


group.add_typer(_exports)
group.add_typer(_imports)
