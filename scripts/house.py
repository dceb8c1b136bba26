"""Measure how a Python package is built: sizes, density, habits, imports and chains of calls.

    .venv/bin/python scripts/house.py [WHERE…] [--beside PACKAGE…] [--from FUNCTION…] [--json]

WHERE is a folder of Python sources (app/kith by default) or a git revision of Kith: two make a table of before and
after. --beside adds installed packages, or folders of some, to compare with: click rich. --json tells places, too.

Operations per line: in the syntax tree of a module, annotations left out, each of these counts as one: a call, an
attribute, a subscript, a unary or binary operator, an augmented assignment, an `and`/`or` between two operands, a
comparison of two, a conditional expression, a lambda, and each `for` and each `if` of a comprehension. They are divided
by the logical lines, which are statements as the tokenizer ends them (docstrings, comments and blank lines left out),
however many lines of the file each takes; the second figure is by lines of the file that hold code.

A function's length is from `def` to the end. Functions with docstrings are those without a leading underscore, in no
private class. Vague loop variables are `one` and single letters but `_`, in loops and comprehensions. Clauses of a
comprehension are its `for` and its `if`. Rooms are the folders directly below the package; imports count wherever they
are written. Said twice are bodies of functions of four statements or more that differ in nothing but the names of their
own variables.

--from names functions below the package, such as cli.unknowns.name_group, for the longest static chain of calls from
each: scripts/house_calls.py tells which calls are followed. Which branch is taken is not known, and functions that call
each other in a circle count as one. `deep` counts functions, `modules` the modules gone through on the way with the
most changes from one to another.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from bench_tables import Row, markdown
from house_calls import Calls
from house_code import (
    LONG,
    Function,
    Module,
    docstring_of,
    is_gerund,
    length_of,
    lines_of,
    long_comprehensions,
    modules_in,
    operations_in,
    public_functions,
    spread,
    twins,
    vague_names,
)
from house_imports import circles, import_graph, rooms_both_ways
from versions import ROOT, laid_out

Figures = dict[str, Any]


def measure(package: Path, starts: Sequence[str] = ()) -> Figures:
    """Return the figures of a package by name, and lists of places; `starts` are functions to follow calls from."""
    modules = modules_in(package)
    if not modules:
        sys.exit(f"There is no Python module in {package}.")
    figures = {**_sizes(modules), **_functions(modules), **_names(modules), **_habits(modules)}
    return figures | _chains(modules, starts) if starts else figures


def _habits(modules: Sequence[Module]) -> Figures:
    graph = import_graph(modules)
    return {
        "comprehensions of more than two clauses": list(chain.from_iterable(map(long_comprehensions, modules))),
        "modules named by a gerund": [module.name for module in modules if is_gerund(module)],
        "rooms that import both ways": rooms_both_ways(modules, graph),
        "circles of imports": circles(graph),
        "bodies said twice": twins(modules),
    }


def _sizes(modules: Sequence[Module]) -> Figures:
    lines = [lines_of(module) for module in modules]
    code = sum(count for count, _ in lines)
    logical = sum(count for _, count in lines)
    operations = sum(operations_in(module.tree) for module in modules)
    return {
        "modules": len(modules),
        "lines of code": code,
        "logical lines": logical,
        "longest module": max(count for count, _ in lines),
        "operations per logical line": _ratio(operations, logical),
        "operations per line of code": _ratio(operations, code),
    }


def _ratio(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 2)


def _functions(modules: Sequence[Module]) -> Figures:
    lengths = {module.at(node.lineno): length_of(node) for module in modules for node in module.functions}
    public = [node for module in modules for node in public_functions(module.tree)]
    told = sum(map(_is_told, public))
    median, most = spread([*lengths.values()])
    return {
        "functions": len(lengths),
        "median function": median,
        "90th percentile": round(most, 1),
        f"functions over {LONG} lines": [place for place, length in lengths.items() if length > LONG],
        "public functions with docstring, %": round(100 * told / max(len(public), 1)),
    }


def _is_told(function: Function) -> bool:
    return docstring_of(function) is not None


def _names(modules: Sequence[Module]) -> Figures:
    found = [*chain.from_iterable(map(vague_names, modules))]
    return {
        "loop variables `one`": [place for name, place in found if name == "one"],
        "loop variables of one letter": [place for name, place in found if name != "one"],
    }


def _chains(modules: Sequence[Module], starts: Sequence[str]) -> Figures:
    """Return the longest chains from those functions that the package has."""
    calls = Calls(modules)
    package, _, _ = modules[0].name.partition(".")
    found = {}
    for start in starts:
        function = f"{package}.{start}"
        if longest := calls.longest(function):
            across = calls.longest(function, across_modules=True)
            found[f"{start}: deep"] = longest
            found[f"{start}: modules"] = calls.modules_on(across)
    return found


def table(figures: dict[str, Figures]) -> str:
    """Return the figures of packages beside each other; of places, how many there are."""
    measures = dict.fromkeys(chain.from_iterable(figures.values()))
    rows = [_row(name, figures) for name in measures]
    return markdown("", rows).strip()


def _row(measure: str, figures: dict[str, Figures]) -> Row:
    cells = {package: _cell(found.get(measure, "")) for package, found in figures.items()}
    return {"measure": measure, **cells}


def _cell(found: Any) -> str:
    if isinstance(found, list):
        return str(len(found))
    return f"{found:g}" if isinstance(found, float) else str(found)


def _package(name: str, into: Path) -> Path:
    """Return the folder of a package: a folder of sources, or that of a revision."""
    folder = Path(name)
    if folder.is_dir() and not (folder / "app").is_dir():
        return folder.resolve()
    return laid_out(name, into).package


def _installed(name: str) -> Path:
    """Return the folder, or the file, of an installed package; it is not imported."""
    folder = Path(name)
    if folder.is_dir():
        return folder.resolve()
    found = importlib.util.find_spec(name)
    if found is None or not found.origin or not found.origin.endswith(".py"):
        sys.exit(f"{name} is no installed package of Python sources")
    origin = Path(found.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", nargs="*", default=[str(ROOT / "app/kith")])
    parser.add_argument("--beside", nargs="+", default=[], metavar="PACKAGE")
    parser.add_argument("--from", nargs="+", default=[], metavar="FUNCTION", dest="starts")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kith-house-") as into:
        figures = {name: measure(_package(name, Path(into)), arguments.starts) for name in arguments.where}
        figures |= {Path(name).name: measure(_installed(name)) for name in arguments.beside}
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
