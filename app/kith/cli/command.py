"""How a command is registered: its own options are its function's, those that commands share come with the call."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from kith.cli.job import Job, run_job
from kith.cli.options import FOR_RESULT, loaded_settings, settings_for_run
from kith.cli.output import show
from kith.jobs.outcome import Outcome
from kith.messages import command
from kith.policies import Executor
from kith.settings import Settings, load, update


@dataclass(frozen=True, slots=True)
class Call:
    """What the shared options of a command say."""

    settings_file: Path | None = None
    overrides: Sequence[str] | None = None
    as_json: bool = False
    dask: str | None = None

    def settings(self) -> Settings:
        """Return the settings for this run, and tell of bad values; raises as `settings_for_run`."""
        cluster = [f"executor={Executor.DASK}", f"dask_scheduler={self.dask}"] if self.dask else []
        return settings_for_run(self.settings_file, [*(self.overrides or ()), *cluster])

    def place_of_settings(self) -> Path:
        """Return the file that the settings lie in; raises as `loaded_settings`."""
        return loaded_settings(self.settings_file).path

    def goes_on(self, context: typer.Context, *own: object) -> bool:
        """Say whether a command of this group follows; raises BadParameter where options before it go unheard.

        `own` tells of each option of the group's own whether it was given.
        """
        given = (*own, self.settings_file, self.overrides, self.as_json)
        if context.invoked_subcommand and any(given):
            raise typer.BadParameter(f"options come after {context.invoked_subcommand}, not before")
        return context.invoked_subcommand is not None

    def show(self, result: object, lines: Iterable[str], notes: Iterable[str] = ()) -> None:
        """Print a result in words, and notes on it as messages; or the result, which holds them, as JSON."""
        show(result, lines, notes, self.as_json)

    def show_outcome(self, outcome: Outcome) -> None:
        """Print what became of a change, what could not follow it, and what may be worth a second look.

        Settings that were taken back are in their file again, and all photos are decided by them.
        """
        lines = [outcome.text]
        if outcome.settings:
            lines += self._turn_settings(outcome.settings)
        self.show(outcome, lines, [*outcome.problems, *outcome.hints])

    def _turn_settings(self, values: Mapping[str, object]) -> list[str]:
        from kith.cli.deciding import decided_again
        from kith.jobs.phrases import summary_of

        file = self.place_of_settings()
        update(file, values)
        finished = decided_again(load(file).settings)
        return summary_of(finished) if finished else []

    def run(self, settings: Settings, name: str, job: Job, *, create: bool = False) -> None:
        """Run a job and print its events; raises typer.Exit as `run_job`."""
        run_job(settings, name, job, self.as_json, create)


Command = Callable[..., None]


class Group(typer.Typer):
    """Commands of one module; without a name they stand among those of the program itself."""

    def __init__(self, name: str | None = None, **info: Any) -> None:
        super().__init__(name=name, rich_markup_mode=None, **info)
        self._name = name

    def register(
        self, name: str, example: str = "", shared: Mapping[str, object] = FOR_RESULT
    ) -> Callable[[Command], Command]:
        """Register a function, whose first argument is the Call, under a name; its docstring is the help."""
        words = [word for word in (self._name, name) if word]
        epilog = example_of(*words, example)
        return lambda function: self.command(name, epilog=epilog)(sharing(function, shared))

    def register_listing(self, function: Command) -> Command:
        """Register what the group does where none of its commands follows; it looks for that with `goes_on`."""
        return self.callback()(sharing(function, FOR_RESULT))


def example_of(*words: str) -> str:
    """Return the line below a command's help that shows how it may be typed."""
    return f"Example: {command(*words)}".rstrip()


def sharing(function: Command, shared: Mapping[str, object] = FOR_RESULT) -> Command:
    """Return a function that takes the shared options too, by their names and types, and hands them on as a Call."""

    @wraps(function)
    def called(**given: Any) -> None:
        call = Call(**{name: given.pop(name) for name in shared})
        function(call, **given)

    _, *own = inspect.signature(function).parameters.values()
    also = [_parameter(name, kind) for name, kind in shared.items()]
    parameters = [*own, *also]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _parameter(name: str, kind: object) -> inspect.Parameter:
    default = getattr(Call(), name)
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=kind)
