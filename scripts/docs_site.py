"""What MkDocs builds the site with beside docs/: sections of the README, the commands' help, the list of decisions.

A page holds `<!-- README: Settings -->` where that section of the README is to stand, and `<!-- commands -->` where the
help of every command is. Nothing is written twice. `.venv/bin/mkdocs build --strict` builds into build/site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100  # of the commands' help


def on_config(config: Any) -> Any:
    """Add the decisions to the navigation, in their order."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    config.nav.append({"Decisions": [f"decisions/{page.name}" for page in pages]})
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put in what the comments of the page ask for; KeyError where README has no such section."""
    sections = readme_sections()
    filled = re.sub(r"<!-- README: (.+) -->", lambda asked: sections[asked.group(1)], markdown)
    return filled.replace("<!-- commands -->", "\n".join(commands()) if "<!-- commands -->" in filled else "")


def readme_sections() -> dict[str, str]:
    """Return README's sections by heading, the text before the first by the title, with links as seen from docs/."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    parts = re.split(r"^##? (.+)\n", text, flags=re.MULTILINE)[1:]
    return {heading: body.replace("\n### ", "\n## ") for heading, body in zip(parts[::2], parts[1::2])}


def commands() -> Iterator[str]:
    """Yield each command's heading and help, as the program itself prints it."""
    os.environ.pop("KITH_COMMAND", None)  # how somebody's own set-up starts it
    import typer
    from typer.testing import CliRunner

    from kith.cli.main import cli

    runner = CliRunner()
    for path in command_paths(typer.main.get_command(cli)):
        shown = runner.invoke(cli, [*path, "--help"], prog_name="kith", env={"COLUMNS": str(WIDTH)})
        yield f"## kith {' '.join(path)}\n\n```text\n{shown.output.strip()}\n```\n"


def command_paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command, the groups' too."""
    if path:
        yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from command_paths(below, (*path, name))
