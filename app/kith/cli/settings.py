"""`kith settings`: every setting, shown and changed for good."""

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.deciding import applied
from kith.cli.options import OF_SETTINGS, changed, loaded_settings, pairs
from kith.cli.output import tell
from kith.errors import BadSetting
from kith.jobs.model_trials import refusals
from kith.jobs.phrases import summary_of
from kith.logs import log_file
from kith.setting_rules import to_be_tried
from kith.settings import Loaded, Settings, described, save, user_folder

group = Group()


@group.register("settings", "face_tol=0.5", OF_SETTINGS)
def settings(
    call: Call,
    changes: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to change.")] = None,
) -> None:
    """Show every setting with what it does, or change some for good."""
    loaded = loaded_settings(call.settings_file)
    for problem in loaded.problems:
        tell(problem)
    values = changed(loaded.settings, pairs(changes or [], "KEY=VALUE"), "KEY=VALUE")
    if changes:
        _keep(loaded, values)
    places = {
        "Settings file": loaded.path,
        "Data folder": user_folder("data"),
        "Cache folder": user_folder("cache"),
        "Log file": log_file(),
    }
    told = {name.lower().replace(" ", "_"): place for name, place in places.items()}
    lines = [*(f"{name}: {place}" for name, place in places.items()), "", *_setting_lines(values)]
    result: dict[str, object] = {**told, "settings": values.model_dump(mode="json"), "problems": loaded.problems}
    decided = applied(loaded.settings, values) if changes else None
    if decided:
        result["decided_again"] = decided
        lines += ["", *summary_of(decided)]
    call.show(result, lines)


def _keep(loaded: Loaded, values: Settings) -> None:
    """Save settings that can be used, as the window does; raises BadParameter and BadInput."""
    if keys := to_be_tried(loaded.settings, values):
        for key, reason in refusals(values, keys).items():
            raise typer.BadParameter(str(BadSetting(key, reason)), param_hint="KEY=VALUE")
    save(loaded.path, values)


def _setting_lines(values: Settings) -> Iterator[str]:
    current = values.model_dump(mode="json")
    for row in described():
        yield f"{row.key} = {json.dumps(current[row.key], ensure_ascii=False)}"
        yield f"    {row.help} Default: {row.default}."
