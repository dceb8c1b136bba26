"""Measurements as tables for people."""

from collections.abc import Sequence
from typing import Any

SIDES = ("articles", "same_detector", "shipped", "whole_job")
STAGES = ("decode", "detect", "persons", "encode", "body", "rest")

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def markdown(title: str, rows: Sequence[Row]) -> str:
    """Return rows as a table; a list of two is a mean with the worst split in brackets."""
    cells = [[f"{one[0]} ({one[1]})" if isinstance(one, list) else str(one) for one in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
    return "\n".join([f"\n{title}\n", *(f"| {' | '.join(line)} |" for line in lines)])


def speed_tables(figures: Row) -> Tables:
    """Return the figures as tables: the sides, their stages and the rest, for every case."""
    found: Tables = {}
    for case in (figures, *(one for one in figures.values() if isinstance(one, dict) and "articles" in one)):
        if "articles" not in case:
            continue
        photos = case["photos"]
        title = f"{photos['count']} photos of {photos['megapixels']:g} megapixels, {case['workers']} workers"
        found[title] = [_side_row(case, name) for name in SIDES]
        found[f"Milliseconds a photo on one core, {title}"] = [_stages_row(case, name) for name in SIDES]
    rest = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    rest.update({f"memory_mb of {count}": peak for count, peak in figures.get("memory_mb", {}).items()})
    found["Altogether"] = [{"figure": name, "value": _rounded(value)} for name, value in rest.items()]
    return found


def _side_row(case: Row, name: str) -> Row:
    side = case[name]
    ratio = side["photos_per_second"] / case["articles"]["photos_per_second"]
    numbers = {
        "photos/s": side["photos_per_second"],
        "times the articles'": ratio,
        "processor s/photo": side["processor_s"],
        "kernel share": side.get("kernel_share"),
        "faces": side["faces"],
        "bodies": side.get("bodies"),
        "peak MB": side["peak_mb"],
        "cold start s": side["cold_start_s"],
        "first photo s": side["first_photo_s"],
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
