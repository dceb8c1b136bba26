"""The documents say what the program does."""

import re
from pathlib import Path

import pytest

from app.cli.main import cli
from app.settings import settings_table_markdown

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MODULES = sorted(path for path in (REPOSITORY / "app").rglob("*.py") if path.stem != "__init__")


def test_readme_explains_every_setting() -> None:
    assert settings_table_markdown() in README


@pytest.mark.parametrize("command", [command.name or command.callback.__name__ for command in cli.registered_commands])
def test_readme_names_every_command(command: str) -> None:
    assert f"| `{command}" in README


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_architecture_names_every_module(module: Path) -> None:
    page = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{re.escape(module.stem)}\b", page)


@pytest.mark.parametrize("document", [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))], ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_functions_and_modules_keep_the_house_limits() -> None:
    import ast

    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, module
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, f"{module}: {node.name}"
