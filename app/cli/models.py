"""`kith models`: the model files, where each is, and fetching them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from app.cli.options import Overrides, SettingsFile, settings_for_run
from app.errors import ModelMissing, command
from app.vision.model_files import ModelFile, default_folder, download, missing_models, registered, status

models = typer.Typer(
    no_args_is_help=False,
    rich_markup_mode=None,
    help="The model files: where each is, and fetching.",
    epilog=f"Example: {command('models')}",
)


@models.callback(invoke_without_command=True)
def listing(context: typer.Context, settings: SettingsFile = None, overrides: Overrides = None) -> None:
    """List the model files and where each is."""
    if context.invoked_subcommand:
        if settings or overrides:
            raise typer.BadParameter(f"--settings and --set come after {context.invoked_subcommand}")
        return
    for found in status(settings_for_run(settings, overrides)):
        size = f"{found.model.size / 1e6:.1f} MB" if found.model.size else "size unknown"
        typer.echo(f"{found.model.name}: {found.state}{f', {found.path}' if found.path else ''}")
        typer.echo(f"    {found.model.purpose}; {size}, licence {found.model.licence}, SHA-256 {found.model.sha256}")


@models.command("download", epilog=f"Example: {command('models', 'download')} yunet_2026may")
def fetch(
    name: Annotated[str | None, typer.Argument(help="Which model; those that are missing if not named.")] = None,
    settings: SettingsFile = None,
    overrides: Overrides = None,
) -> None:
    """Fetch model files, check their SHA-256 and put them in place."""
    chosen = settings_for_run(settings, overrides)
    wanted = [registered(name)] if name else missing_models(chosen)
    if not wanted:
        typer.echo("Every model file that the settings ask for is there.")
    failed = []
    for model in wanted:
        try:
            typer.echo(f"{model.name}: {_fetch(model, default_folder(chosen))}")
        except ModelMissing as error:
            failed.append(f"{error} Without it {model.without}.")
    if failed:
        raise ModelMissing("\n".join(failed))


def _fetch(model: ModelFile, folder: Path) -> Path:
    with _bar() as bar:
        task = bar.add_task(model.file, total=None)
        return download(model, folder, lambda done, size: bar.update(task, completed=done, total=size))


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
