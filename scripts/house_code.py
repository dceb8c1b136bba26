"""Python packages read as syntax trees, and what can be counted in each tree: the sizes and habits of a house."""

import ast
import copy
import io
import statistics
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
Comprehension = Union[ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DOCUMENTED = (ast.Module, ast.ClassDef, *FUNCTIONS)
LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)
SINGLE_OPERATIONS = (
    ast.BinOp, ast.UnaryOp, ast.AugAssign, ast.IfExp, ast.Lambda, ast.Call, ast.Attribute, ast.Subscript,
)  # fmt: skip
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
LONG = 60  # lines of a function
MOST_CLAUSES = 2  # of a comprehension
LEAST_STATEMENTS = 4  # of a body that counts as said twice


@dataclass(frozen=True)
class Module:
    """A file of a package; `name` is dotted and begins with the package's, `parts` are the name's below that."""

    name: str
    path: Path
    is_package: bool
    tree: ast.Module = field(repr=False)
    source: str = field(repr=False)

    @property
    def parts(self) -> Sequence[str]:
        """The names below the package."""
        return self.name.split(".")[1:]

    @property
    def room(self) -> str:
        """The folder directly below the package in which the module lies, or nothing."""
        parts = self.parts
        is_below = len(parts) > (0 if self.is_package else 1)
        return parts[0] if is_below else ""

    @cached_property
    def functions(self) -> list[Function]:
        """Every function and method, those within others too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)]

    def at(self, line: int) -> str:
        """Say where a line is."""
        return f"{self.name}:{line}"


def modules_in(package: Path) -> list[Module]:
    """Return the modules below a folder, or the one file that it is."""
    if package.is_file():
        return [_module(package, package.stem, is_package=False)]
    found = []
    for path in sorted(package.rglob("*.py")):
        below = path.relative_to(package).with_suffix("")
        parts = [package.name, *below.parts]
        is_package = parts[-1] == "__init__"
        if is_package:
            parts.pop()
        module = _module(path, ".".join(parts), is_package)
        found.append(module)
    return found


def _module(path: Path, name: str, is_package: bool) -> Module:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    return Module(name, path, is_package, tree, source)


# Lines


def docstring_of(node: ast.AST) -> Union[ast.Expr, None]:
    """Return the statement that is a module's, class's or function's docstring."""
    body = getattr(node, "body", [])
    first = next(iter(body), None)
    if not isinstance(first, ast.Expr):
        return None
    value = first.value
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return first if is_text else None


def lines_of(module: Module) -> tuple[int, int]:
    """Return how many lines hold code, and how many logical lines that is; docstrings and comments are none."""
    documented = _documented_lines(module)
    code: set[int] = set()
    logical = 0
    read = io.StringIO(module.source).readline
    for token in tokenize.generate_tokens(read):
        first, _ = token.start
        last, _ = token.end
        if first in documented:
            continue
        logical += token.type == tokenize.NEWLINE
        if token.type not in LAYOUT:
            code.update(range(first, last + 1))
    return len(code), logical


def _documented_lines(module: Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, DOCUMENTED) and (docstring := docstring_of(node)):
            lines.update(_lines(docstring))
    return lines


def _lines(node: Union[ast.stmt, Function]) -> range:
    last = node.end_lineno or node.lineno
    return range(node.lineno, last + 1)


def length_of(function: Function) -> int:
    """Return the lines from `def` to the end, as docs and reviews count them: the docstring and blank lines too."""
    return len(_lines(function))


# Operations


def operations_in(tree: ast.AST) -> int:
    """Count operations, annotations left out: see scripts/house.py."""
    return sum(_operations(node) for node in _without_annotations(tree))


def _operations(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.Compare):
        return len(node.ops)
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, SINGLE_OPERATIONS))


def _without_annotations(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns"}:
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST):
                yield from _without_annotations(child)


# Habits


def public_functions(tree: ast.AST) -> Iterator[Function]:
    """Yield functions and methods that are for all to call: without a leading underscore, in no private class."""
    for node in getattr(tree, "body", []):
        if isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)


def vague_names(module: Module) -> Iterator[tuple[str, str]]:
    """Yield loop variables called `one` or by a single letter, and where they are; `_` is nobody's."""
    for node in ast.walk(module.tree):
        if isinstance(node, LOOPS):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name) and _is_vague(name.id):
                    yield name.id, module.at(name.lineno)


def _is_vague(name: str) -> bool:
    return name == "one" or (len(name) == 1 and name != "_")


def long_comprehensions(module: Module) -> Iterator[str]:
    """Yield where comprehensions have more than two clauses, each `for` and each `if` being one."""
    for node in ast.walk(module.tree):
        if isinstance(node, COMPREHENSIONS) and _clauses(node) > MOST_CLAUSES:
            yield module.at(node.lineno)


def _clauses(node: Comprehension) -> int:
    return sum(1 + len(clause.ifs) for clause in node.generators)


def is_gerund(module: Module) -> bool:
    """Whether a module is named by what is being done."""
    *_, own = module.name.split(".")
    return bool(module.parts) and own.endswith("ing")


def twins(modules: Sequence[Module]) -> list[list[str]]:
    """Return where functions have the same body of four statements or more, names of their own apart."""
    found = defaultdict(list)
    for module in modules:
        for function in module.functions:
            if _statements(function) >= LEAST_STATEMENTS:
                likeness = _likeness(function)
                place = module.at(function.lineno)
                found[likeness].append(f"{place} {function.name}")
    return [places for places in found.values() if len(places) > 1]


def _statements(function: Function) -> int:
    """Count the statements in a function, its docstring left out."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - 1 if docstring_of(function) else inside


class _Renaming(ast.NodeTransformer):
    """Calls each name that a function gives by its turn."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._turns: dict[str, str] = {}

    def _turn(self, name: str) -> str:
        if name not in self._own:
            return name
        turns = self._turns
        return turns.setdefault(name, f"name {len(turns)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._turn(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._turn(node.arg)
        node.annotation = None
        return node


def _likeness(function: Function) -> str:
    """Return what two functions of the same body have in common, however they call their variables."""
    alike = copy.deepcopy(function)
    if docstring_of(alike):
        del alike.body[0]
    renaming = _Renaming(_given_names(alike))
    renaming.visit(alike.args)
    renamed = [renaming.visit(statement) for statement in alike.body]
    return "\n".join(map(ast.dump, renamed))


def _given_names(function: Function) -> set[str]:
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def spread(lengths: Sequence[int]) -> tuple[float, float]:
    """Return median and 90th percentile."""
    if len(lengths) < 2:
        only = float(sum(lengths))
        return only, only
    deciles = statistics.quantiles(lengths, n=10, method="inclusive")
    return statistics.median(lengths), deciles[8]
