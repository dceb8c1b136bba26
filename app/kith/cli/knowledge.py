"""`kith import-kb`, `kith check` and `kith evaluate`: what the knowledge base holds, and how good it is."""

from pathlib import Path
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.jobs.check import check, check_summary
from kith.jobs.evaluate import evaluate, evaluation_summary
from kith.jobs.import_kb import import_kb, import_summary
from kith.jobs.library_check import inspect_library, library_summary, repair_library

group = Group()


@group.register("import-kb", "~/old/encodings.pkl")
def import_old(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE.pkl", help="The encodings.pkl of an older knowledge base.")],
    body_model: Annotated[
        str, typer.Option(metavar="ID", help="The model that the bodies in the file came from, as `models` names it.")
    ] = "",
) -> None:
    """Teach the people of an older knowledge base, an encodings.pkl, without their photos.

    The file is read as data: nothing in it is run. The import can be undone.
    """
    finished = import_kb(call.settings(), file, body_model)
    call.show(finished, import_summary(finished))


@group.register("check")
def check_health(
    call: Call,
    library: Annotated[
        bool, typer.Option("--library", help="Check the library itself instead: its file and all its entries.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="With --library: repair what can be; as it was it is kept beside.")
    ] = False,
) -> None:
    """Say what in the knowledge base may be wrong, and which files to look at; no photo is opened.

    Finds photos that are probably somebody else, copies, people too close to tell apart, and people with too few or
    only poor photos.
    """
    if library or repair:
        look = repair_library if repair else inspect_library
        checked = look(call.settings())
        call.show(checked, library_summary(checked))
        return
    finished = check(call.settings())
    call.show(finished, check_summary(finished))


@group.register("evaluate", "--png curve.png --csv curve.csv")
def evaluate_own(
    call: Call,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the curve over the certainties.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every certainty measured.")] = None,
) -> None:
    """Measure how well the knowledge base knows its people, and fit how sure Kith is to it.

    Every photo that teaches is asked who it is, once as if it were not taught, nor any of the same occasion, and once
    as if its person were not known at all. No photo is opened. Where the library holds enough, and it helps, certainty
    is fitted to its people, and sure_at recommended for them.
    """
    finished = evaluate(call.settings(), png, csv)
    call.show(finished, evaluation_summary(finished))
