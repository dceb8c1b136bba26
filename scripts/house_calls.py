"""Which function of a package calls which, as far as names and annotations tell, and the longest chain of such calls.

Followed are calls of functions and classes by an own or imported name, of methods of what has a known class, and
functions handed to a call. The class is known of `self`, of annotated arguments and attributes, and of what is
assigned, entered or gone through where the function that gave it says what it returns; of a container it is that of
what it holds. Where it is not known, a method's name is followed if the package has it once and no common type has it.
"""

import ast
import io
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Union

import networkx as nx  # type: ignore[import-untyped]

from house_code import FUNCTIONS, Function, Module
from house_imports import directed, imported_names

COMMON_TYPES = (str, bytes, list, dict, set, tuple, float, Path, io.TextIOWrapper, sqlite3.Connection, sqlite3.Cursor)
MAKERS = ("__init__", "__post_init__")
Source = Union[ast.expr, None]  # an annotation, or an expression whose value a variable takes


@dataclass
class _Class:
    module: str
    bases: list[ast.expr]
    attributes: dict[str, list[tuple[Source, str]]] = field(default_factory=lambda: defaultdict(list))

    def tell(self, attribute: str, source: Source, within: str) -> None:
        """Take down where an attribute may come from."""
        sources = self.attributes[attribute]
        sources.append((source, within))


class Calls:
    """The calls between the functions of a package, whose names are dotted: `kith.jobs.why.why`."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._known = {module.name for module in modules}
        self._module: dict[str, str] = {}
        self._functions: dict[str, Function] = {}
        self._classes: dict[str, _Class] = {}
        self._names = {module.name: self._names_in(module) for module in modules}
        for module in modules:
            self._define(module)
        self._methods = self._methods_by_name()
        self._given = {name: list(_given(node)) for name, node in self._functions.items()}
        self._told: dict[tuple[ast.AST, str], str] = {}
        self.graph = {name: self._called(name, node) - {name} for name, node in self._functions.items()}

    def _names_in(self, module: Module) -> dict[str, str]:
        """Return what each name of a module's own level means, as a dotted name."""
        names = {}
        for name, origin, inner in imported_names(module, self._known):
            names[name] = f"{origin}.{inner}" if origin and inner else origin or inner
        for node in _definitions(module.tree):
            names[node.name] = f"{module.name}.{node.name}"
        return names

    def _define(self, module: Module) -> None:
        for node in _definitions(module.tree):
            name = f"{module.name}.{node.name}"
            if isinstance(node, ast.ClassDef):
                self._define_class(module, name, node)
            else:
                self._define_function(module, name, node)

    def _define_function(self, module: Module, name: str, node: Function) -> None:
        self._functions[name] = node
        self._module[name] = module.name

    def _define_class(self, module: Module, name: str, node: ast.ClassDef) -> None:
        made = _Class(module.name, node.bases)
        self._classes[name] = made
        for inner in node.body:
            if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                made.tell(inner.target.id, inner.annotation, name)
            elif isinstance(inner, FUNCTIONS):
                function = f"{name}.{inner.name}"
                self._define_function(module, function, inner)
                made.tell(inner.name, inner.returns, name)  # of a property
                for target, value in _given(inner):
                    if isinstance(target, ast.Attribute) and _dotted(target) == f"self.{target.attr}":
                        made.tell(target.attr, value, function)

    def _methods_by_name(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in self._functions:
            owner, _, method = name.rpartition(".")
            if owner in self._classes:
                found[method].append(name)
        return found

    # What a function calls

    def _called(self, name: str, function: Function) -> set[str]:
        found = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                called = self._meant(node.func, name) or self._only_method(node.func)
                found.add(called)
                by_name = [keyword.value for keyword in node.keywords]
                found |= {self._meant(value, name) for value in [*node.args, *by_name]}
        return found - {""}

    def _meant(self, expression: ast.AST, within: str) -> str:
        """Return the function that an expression in a function means, or nothing."""
        if isinstance(expression, ast.Attribute) and (owner := self._class_of(expression.value, within)):
            return self._method(owner, expression.attr)
        dotted = self._global(expression, within)
        if dotted in self._classes:
            return _first(self._method(dotted, maker) for maker in MAKERS)
        return dotted if dotted in self._functions else ""

    def _global(self, expression: ast.AST, within: str) -> str:
        """Return what a name of the module, or one below it, means as a dotted name."""
        first, _, rest = _dotted(expression).partition(".")
        names = self._names[self._module_of(within)]
        meant = names.get(first, "")
        return f"{meant}.{rest}" if meant and rest else meant

    def _module_of(self, within: str) -> str:
        return self._classes[within].module if within in self._classes else self._module[within]

    def _only_method(self, expression: ast.expr) -> str:
        if not isinstance(expression, ast.Attribute):
            return ""
        name = expression.attr
        if any(hasattr(kind, name) for kind in COMMON_TYPES):
            return ""
        found = self._methods.get(name, [])
        return found[0] if len(found) == 1 else ""

    def _method(self, owner: str, name: str) -> str:
        """Return a method of a class or of those it is made of."""
        own = f"{owner}.{name}"
        if own in self._functions:
            return own
        return _first(self._method(base, name) for base in self._bases(owner))

    def _bases(self, owner: str) -> Iterator[str]:
        """Yield the classes of the package that a class is made of."""
        for expression in self._classes[owner].bases:
            base = self._global(expression, owner)
            if base in self._classes:
                yield base

    # Of what class something is

    def _class_of(self, expression: ast.AST, within: str) -> str:
        """Return the class of an expression's value, or of what that holds; nothing where it is not known."""
        key = expression, within
        told = self._told
        if key not in told:
            told[key] = ""  # while it is looked for: what is given itself tells nothing
            told[key] = self._class_found(expression, within)
        return told[key]

    def _class_found(self, expression: ast.AST, within: str) -> str:
        if isinstance(expression, ast.Call):
            return self._class_returned(expression.func, within)
        if isinstance(expression, ast.Attribute):
            owner = self._class_of(expression.value, within)
            sources = self._attribute(owner, expression.attr) if owner else ()
            return self._first_class(sources)
        if isinstance(expression, ast.Name):
            sources = self._variable(expression.id, within)
            return self._first_class(sources)
        if isinstance(expression, (ast.Subscript, ast.Await, ast.Starred)):
            return self._class_of(expression.value, within)
        return ""

    def _class_returned(self, called: ast.expr, within: str) -> str:
        dotted = self._global(called, within)
        if dotted in self._classes:
            return dotted
        name = self._meant(called, within)
        if not name:
            return ""
        function = self._functions[name]
        return self._annotated(function.returns, name)

    def _first_class(self, sources: Sequence[tuple[Source, str]]) -> str:
        known = ((source, within) for source, within in sources if source)
        return _first(self._annotated(source, within) or self._class_of(source, within) for source, within in known)

    def _annotated(self, annotation: Source, within: str) -> str:
        """Return the first class of the package that an annotation names."""
        nodes = ast.walk(annotation) if annotation else ()
        meant = (self._global(node, within) for node in nodes)
        return _first(name for name in meant if name in self._classes)

    def _attribute(self, owner: str, name: str) -> Sequence[tuple[Source, str]]:
        attributes = self._classes[owner].attributes
        found = list(attributes.get(name, []))
        for base in self._bases(owner):
            found += self._attribute(base, name)
        return found

    def _variable(self, name: str, within: str) -> Sequence[tuple[Source, str]]:
        """Return what a variable of a function is given."""
        owner, _, _ = within.rpartition(".")
        if name in {"self", "cls"} and owner in self._classes:
            _, _, own = owner.rpartition(".")
            return [(ast.Name(own), owner)]
        found = []
        for target, value in self._given.get(within, ()):
            if isinstance(target, ast.Name) and target.id == name:
                found.append((value, within))
        return found

    # Chains

    def longest(self, start: str, across_modules: bool = False) -> list[str]:
        """Return the longest chain from a function, or the one that goes from module to module most often.

        Functions that call each other in a circle count as one. Empty where there is no such function.
        """
        if start not in self.graph:
            return []
        circles = nx.condensation(directed(self.graph))
        lengths: dict[str, int] = {}
        chains: dict[str, list[str]] = {"": []}
        order = list(nx.topological_sort(circles))
        for circle in reversed(order):  # what is called comes before what calls it
            inside = circles.nodes[circle]["members"]
            targets = {target for name in inside for target in self.graph[name]} - inside
            for name in inside:
                ways = [(self._step(name, target, across_modules) + lengths[target], target) for target in targets]
                lengths[name], target = max(ways, default=(0, ""))
                chains[name] = [name, *chains[target]]
        return chains[start]

    def modules_on(self, chain: Sequence[str]) -> list[str]:
        """Return the modules that a chain goes through, one for each time that it comes to another."""
        modules = [self._module[function] for function in chain]
        return [name for name, _ in groupby(modules)]

    def _step(self, name: str, target: str, across_modules: bool) -> int:
        if not across_modules:
            return 1
        return int(self._module[name] != self._module[target])


def _first(names: Iterable[str]) -> str:
    """Return the first name that is one, or nothing."""
    return next(filter(None, names), "")


def _definitions(tree: ast.Module) -> Iterator[Union[Function, ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node


def _given(function: Function) -> Iterator[tuple[ast.expr, Source]]:
    """Yield the variables and attributes that a function gives something to, with that or with its annotation."""
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield ast.Name(argument.arg), argument.annotation
    node: Any
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign):
            yield node.target, node.annotation
        elif isinstance(node, ast.NamedExpr):
            yield node.target, node.value
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield node.target, node.iter
        elif isinstance(node, ast.withitem) and node.optional_vars:
            yield node.optional_vars, node.context_expr


def _dotted(expression: ast.AST) -> str:
    """Return `a.b.c` of an expression that is only that."""
    if isinstance(expression, ast.Constant):  # an annotation in quotes
        return str(expression.value)
    names: list[str] = []
    while isinstance(expression, ast.Attribute):
        names.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return ""
    names.append(expression.id)
    return ".".join(reversed(names))
