"""`kith models`: the model files, where each is, fetching them, and taking those fetched by other means."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from kith.cli.command import Call, Group, example_of
from kith.cli.output import tell, terminal, what_is_done
from kith.errors import ModelMissing
from kith.model_registry import ModelFile
from kith.process import CANNOT
from kith.vision.download import download
from kith.vision.given_models import add_models, known_files
from kith.vision.model_files import (
    ModelStatus,
    check_body_model,
    check_face_models,
    default_folder,
    missing_models,
    registered,
    status,
)

group = Group(
    "models",
    invoke_without_command=True,
    help="The model files: where each is, and fetching them.",
    epilog=example_of("models"),
)


@group.register_listing
def listing(call: Call, context: typer.Context) -> None:
    """List the model files and where each is."""
    if call.goes_on(context):
        return
    found = status(call.settings())
    call.show({"models": found}, chain.from_iterable(map(_lines, found)))


def _lines(found: ModelStatus) -> list[str]:
    model = found.model
    place = f", {found.path}" if found.path else ""
    size = f"{model.size / 1e6:.1f} MB"
    return [
        f"{model.name}: {found.state}{place}",
        f"    {model.purpose}; {size}, licence {model.licence}, SHA-256 {model.sha256}",
        f"    from {' or '.join(model.urls)}",
    ]


@group.register("download", "yunet_2026may")
def fetch(
    call: Call,
    name: Annotated[str | None, typer.Argument(help="Which model; those that are missing if not named.")] = None,
) -> None:
    """Fetch model files, check their SHA-256 and put them in place."""
    chosen = call.settings()
    check_face_models(chosen)
    check_body_model(chosen)
    wanted = [registered(name)] if name else missing_models(chosen)
    fetched, failed = {}, {}
    for model in wanted:
        try:
            fetched[model.name] = _fetch(model, default_folder(chosen))
        except ModelMissing as error:
            failed[model.name] = f"{error} Without it {model.without}."
    lines = [f"{name}: {path}" for name, path in fetched.items()]
    all_there = [] if wanted else ["Every model file that the settings ask for is there."]
    call.show({"fetched": fetched, "failed": failed}, lines + all_there)
    for problem in failed.values():
        tell(problem)
    if failed:
        raise typer.Exit(CANNOT)


@group.register("add", "~/Downloads/yolox_nano.onnx")
def add(
    call: Call,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files, or folders of files.")],
) -> None:
    """Take model files that were fetched by other means, by their SHA-256, whatever they are called."""
    folder = default_folder(call.settings())
    given = add_models(files, folder)
    lines = [f"{name}: {path}" for name, path in given.added.items()]
    known = ["Kith knows these files:", *known_files()]
    call.show(given, lines, [*given.refused, *known] if given.refused else [])
    if given.refused:
        raise typer.Exit(CANNOT)


def _fetch(model: ModelFile, folder: Path) -> Path:
    with _bar() as bar:
        task = bar.add_task(model.file, total=None)
        return download(model, folder, lambda done, size: bar.update(task, completed=done, total=size))


def _bar() -> Progress:
    console = terminal()
    columns = (what_is_done(), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
