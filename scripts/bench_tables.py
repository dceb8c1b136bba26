"""Measurements as tables for people."""

from collections.abc import Sequence
from typing import Any

SIDES = ("articles", "same_detector", "shipped", "whole_job")
STAGES = ("decode", "detect", "persons", "encode", "body", "rest")

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def markdown(title: str, rows: Sequence[Row]) -> str:
    """Return rows as a table; a list of two is a mean with the worst split in brackets."""
    heads = list(rows[0])
    rules = ["---"] * len(heads)
    cells = [[_cell(value) for value in row.values()] for row in rows]
    lines = [f"| {' | '.join(line)} |" for line in (heads, rules, *cells)]
    return "\n".join([f"\n{title}\n", *lines])


def _cell(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    mean, worst = value[:2]
    return f"{mean} ({worst})"


def speed_tables(figures: Row) -> Tables:
    """Return the figures as tables: the sides, their stages and the rest, for every case."""
    found: Tables = {}
    for case in (figures, *figures.values()):
        if not isinstance(case, dict) or "articles" not in case:
            continue
        photos = case["photos"]
        title = f"{photos['count']} photos of {photos['megapixels']:g} megapixels, {case['workers']} workers"
        found[title] = [_side_row(case, side) for side in SIDES]
        found[f"Milliseconds a photo on one core, {title}"] = [_stages_row(case, side) for side in SIDES]
    rest = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    memory = figures.get("memory_mb", {})
    rest |= {f"memory_mb of {count}": peak for count, peak in memory.items()}
    found["Altogether"] = [{"figure": name, "value": _rounded(value)} for name, value in rest.items()]
    return found


def _side_row(case: Row, name: str) -> Row:
    side, articles = case[name], case["articles"]
    rate = side["photos_per_second"]
    numbers = {
        "photos/s": rate,
        "times the articles'": rate / articles["photos_per_second"],
        "processor s/photo": side["processor_s"],
        "kernel share": side.get("kernel_share"),
        "faces": side["faces"],
        "bodies": side.get("bodies"),
        "peak MB": side["peak_mb"],
        "cold start s": side["cold_start_s"],
        "first photo s": side["first_photo_s"],
        "with warm workers": side["first_photo_warm_s"],
    }
    return {"side": name, **{key: _rounded(value) for key, value in numbers.items()}}


def _stages_row(case: Row, name: str) -> Row:
    stages = case[name]["stages_ms"]
    return {"side": name, **{stage: _rounded(stages.get(stage)) for stage in STAGES}}


def _rounded(value: Any) -> Any:
    """Return a number as it is read most easily, three digits of it."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return value
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
