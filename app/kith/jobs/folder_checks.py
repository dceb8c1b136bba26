"""People, photos and copies are kept apart: what a machine filed must never teach, nor be filed a second time."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from kith.errors import BadInput
from kith.library.copy_records import CopyRecords
from kith.messages import Action, Do, Setting
from kith.photos.outputs import MARKER, REPORT, lies_in, output_around

_FILED = (
    f"a folder that Kith files copies to (it is known by {MARKER}, or by a {REPORT} that names copies there). Whom "
    "they show was decided by a machine"
)


def standing_outputs(copies: CopyRecords) -> list[Path]:
    """Return the output folders that the library has a copy in which is still there."""
    standing = []
    for output in copies.outputs():
        targets = copies.targets(output)
        if any(map(os.path.isfile, targets)):
            standing.append(output)
    return standing


def check_people(people: Path, known: Collection[Path] = (), *, only_around: bool = False) -> None:
    """Raise BadInput where the people folder is, or lies in, a folder of copies, one of the `known` or a marked one.

    `only_around`: where it lies in one.
    """
    inside = Path(os.path.realpath(people)).parent if only_around else people
    if output := output_around(inside, known):
        raise BadInput(
            f"The people folder {people} {_is_or_lies_in(people, output)} {_FILED}, so they must not teach: let ",
            Setting("dataset_dir"),
            " name a folder outside it, of photos that you chose yourself. To teach with some of the copies, put them "
            "into a person's folder there.",
        )


def check_inputs(inputs: Sequence[Path], known: Collection[Path] = ()) -> None:
    """Raise BadInput where a folder or photo to recognise is, or lies in, a folder of copies."""
    for path in inputs:
        if output := output_around(path, known):
            raise BadInput(
                f"{path} {_is_or_lies_in(path, output)} {_FILED}, so they are not recognised again: name the folder "
                f"of the photos themselves. ",
                Do(Action.WHY),
                " tells of a single photo who is in it.",
            )


def file_in_the_way(folder: Path) -> Path | None:
    """Return the file that keeps a folder from being there or being made: in its own place, or above it."""
    there = next((path for path in (folder, *folder.parents) if os.path.exists(path)), None)
    return there if there and not os.path.isdir(there) else None


def check_output(output: Path, people: Path, inputs: Sequence[Path] = ()) -> None:
    """Raise BadInput where the output folder is not apart from the people folder and from what is recognised.

    None of them need be there. They are not apart where one is or lies in the other, whatever links lead there.
    Nor can a file be one, or hold one.
    """
    if file := file_in_the_way(output):
        raise BadInput(f"The output folder {output} cannot be made: {file} is a file. Choose another one.")
    for name, folder, why in (
        ("the people folder", people, "what Kith files there would teach"),
        *(("the photos in", path, "the copies would be recognised and filed once more") for path in inputs),
    ):
        if relation := _relation(output, folder):
            place = next(_places_apart([people, *inputs]))
            raise BadInput(
                f"The output folder {output} {relation} {name} {folder}: {why}. Choose an output folder apart from it, "
                f"for example {place}; ",
                Setting("processed_dir"),
                " names the usual one.",
            )


def _is_or_lies_in(path: Path, output: Path) -> str:
    return "is" if lies_in(output, path) else f"lies in {output},"


def _relation(folder: Path, other: Path) -> str:
    if lies_in(folder, other):
        return "is" if lies_in(other, folder) else "lies in"
    return "holds" if lies_in(other, folder) else ""


def _places_apart(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield where copies could go: beside the folders, else in the user's home or wherever that is possible."""
    for base in (*(folder.parent for folder in folders), Path.home(), *Path.home().parents):
        place = base / "sorted"
        if not any(_relation(place, folder) for folder in folders):
            yield place
    yield Path("sorted")
