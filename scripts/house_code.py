"""Python packages read as syntax trees, and what can be counted in each tree: the sizes and habits of a house."""

import ast
import copy
import io
import statistics
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
Comprehension = Union[ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
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
        return self.parts[0] if len(self.parts) > 1 or (self.is_package and self.parts) else ""

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
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        found.append(_module(path, ".".join(parts[:-1] if is_package else parts), is_package))
    return found


def _module(path: Path, name: str, is_package: bool) -> Module:
    source = path.read_text(encoding="utf-8")
    return Module(name, path, is_package, ast.parse(source), source)


# Lines


def docstring_of(node: ast.AST) -> Union[ast.Expr, None]:
    """Return the statement that is a module's, class's or function's docstring."""
    first = next(iter(getattr(node, "body", [])), None)
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return first if is_text else None


def lines_of(module: Module) -> tuple[int, int]:
    """Return how many lines hold code, and how many logical lines that is; docstrings and comments are none."""
    documented = {
        line
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))
        for line in _lines(docstring_of(node))
    }
    code: set[int] = set()
    logical = 0
    for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
        if token.start[0] in documented:
            continue
        logical += token.type == tokenize.NEWLINE
        if token.type not in LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code), logical


def _lines(node: Union[ast.Expr, None]) -> Iterable[int]:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1) if node else ()


def length_of(function: Function) -> int:
    """Return the lines from `def` to the end, as docs and reviews count them: the docstring and blank lines too."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


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
        for child in value if isinstance(value, list) else [value]:
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
                if isinstance(name, ast.Name) and name.id != "_" and (name.id == "one" or len(name.id) == 1):
                    yield name.id, module.at(name.lineno)


def long_comprehensions(module: Module) -> Iterator[str]:
    """Yield where comprehensions have more than two clauses, each `for` and each `if` being one."""
    for node in ast.walk(module.tree):
        if isinstance(node, COMPREHENSIONS) and _clauses(node) > MOST_CLAUSES:
            yield module.at(node.lineno)


def _clauses(node: Comprehension) -> int:
    return sum(1 + len(clause.ifs) for clause in node.generators)


def is_gerund(module: Module) -> bool:
    """Whether a module is named by what is being done."""
    return bool(module.parts) and module.parts[-1].endswith("ing")


def twins(modules: Sequence[Module]) -> list[list[str]]:
    """Return where functions have the same body of four statements or more, names of their own apart."""
    found = defaultdict(list)
    for module in modules:
        for function in module.functions:
            body = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
            if len(body) - 1 - bool(docstring_of(function)) >= LEAST_STATEMENTS:
                found[_likeness(function)].append(f"{module.at(function.lineno)} {function.name}")
    return [places for places in found.values() if len(places) > 1]


class _Renaming(ast.NodeTransformer):
    """Calls each name that a function gives by its turn."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._turns: dict[str, str] = {}

    def _turn(self, name: str) -> str:
        return self._turns.setdefault(name, f"name {len(self._turns)}") if name in self._own else name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._turn(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self._turn(node.arg), None
        return node


def _likeness(function: Function) -> str:
    """Return what two functions of the same body have in common, however they call their variables."""
    alike = copy.deepcopy(function)
    if docstring_of(alike):
        del alike.body[0]
    own = {node.arg for node in ast.walk(alike) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(alike) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    renaming = _Renaming(own)
    renaming.visit(alike.args)
    return "\n".join(ast.dump(renaming.visit(statement)) for statement in alike.body)


def spread(lengths: Sequence[int]) -> tuple[float, float]:
    """Return median and 90th percentile."""
    if len(lengths) < 2:
        return float(sum(lengths)), float(sum(lengths))
    return statistics.median(lengths), statistics.quantiles(lengths, n=10, method="inclusive")[8]
