"""The documents say what the program does."""

import re
from pathlib import Path

import pytest
import typer

from kith.cli.main import cli
from kith.identity import body_candidates, decision, face_groups, nearest
from kith.settings import settings_table_markdown
from kith.settings_model import FIELDS
from kith.values import samples, sightings
from kith.vision import alignment, bodies, face_search, yolox, yunet

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MODULES = sorted(path for path in (REPOSITORY / "app/kith").rglob("*.py") if path.stem != "__init__")


def test_readme_explains_every_setting() -> None:
    assert settings_table_markdown() in README


@pytest.mark.parametrize("command", typer.main.get_group(cli).commands)
def test_readme_names_every_command(command: str) -> None:
    assert re.search(rf"^\|.*`{command}\b", README, re.MULTILINE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_architecture_names_every_module(module: Path) -> None:
    page = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{re.escape(module.stem)}\b", page)


def _measured() -> dict[str, str]:
    """Return the constants of the table in docs/recognition.md with the values it tells."""
    page = (REPOSITORY / "docs/recognition.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?`.+?) \| (.+?) \| \[.*\]\(#.*\) \|$", page, re.MULTILINE)
    return {name: value for names, values in rows for name, value in _told(names, values)}


def _told(names: str, values: str) -> list[tuple[str, str]]:
    return list(zip(re.findall(r"`(\w+)`", names), re.findall(r"[\d.]+", values), strict=False))


CONSTANTS = {
    "NEAREST_SAMPLES": nearest.NEAREST_SAMPLES,
    "LEAST_FRONTALITY": samples.LEAST_FRONTALITY,
    "LEAST_PIXELS": samples.LEAST_PIXELS,
    "LEAST_PIXELS_TELLING": decision.LEAST_PIXELS_TELLING,
    "SHARPNESS_SIDE": alignment.SHARPNESS_SIDE,
    "YUNET_SCORE": yunet.YUNET_SCORE,
    "OVERLAP": yunet.OVERLAP,
    "SMALL": face_search.SMALL,
    "INSIDE": face_search.INSIDE,
    "SURE": yunet.SURE,
    "SURE_AGAIN": yunet.SURE_AGAIN,
    "FINE_ENOUGH": alignment.FINE_ENOUGH,
    "SAME_PLACE_IOU": sightings.SAME_PLACE_IOU,
    "BODY_WIDTH": bodies.BODY_WIDTH,
    "BODY_HEIGHT": bodies.BODY_HEIGHT,
    "LEAST_HEIGHT": yolox.LEAST_HEIGHT,
    "PERSON_SCORE": yolox.PERSON_SCORE,
    "EVENT_TOL": body_candidates.EVENT_TOL,
    "EVENT_MARGIN": body_candidates.EVENT_MARGIN,
    "EVENT_SUGGEST": body_candidates.EVENT_SUGGEST,
    "SAME_ALONE": face_groups.SAME.alone,
    "SAME_TOGETHER": face_groups.SAME.together,
    "PERHAPS_ALONE": face_groups.PERHAPS_SAME.alone,
    "PERHAPS_TOGETHER": face_groups.PERHAPS_SAME.together,
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_measured_constant_is_the_one_documented(name: str) -> None:
    assert float(_measured()[name]) == CONSTANTS[name]


@pytest.mark.parametrize("name", ["sure_at", "suggest_at", "lap_var_thresh", "resize_max", "min_face"])
def test_a_measured_default_is_the_one_documented(name: str) -> None:
    assert float(_measured()[name]) == FIELDS[name].default


@pytest.mark.parametrize(
    "document", [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))], ids=str
)
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
