"""Who imports whom within a package, and where that goes both ways or in a circle."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

import networkx as nx  # type: ignore[import-untyped]

from house_code import Module

Graph = Mapping[str, set[str]]


def imports_of(module: Module, known: Iterable[str]) -> set[str]:
    """Return the modules of the package that a module imports, anywhere in it."""
    known = set(known)
    targets = {target for _, target, _ in imported_names(module, known)}
    return (targets & known) - {module.name}


def imported_names(module: Module, known: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each name that imports give, with the module it comes from and the name it has there, or nothing."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first, _, _ = alias.name.partition(".")
                yield alias.asname or first, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            for alias in node.names:
                name = alias.asname or alias.name
                inner = f"{origin}.{alias.name}"
                yield (name, inner, "") if inner in known else (name, origin, alias.name)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    depth = len(parts) - node.level + module.is_package
    base = parts[:depth]
    below = [node.module] if node.module else []
    return ".".join([*base, *below])


def import_graph(modules: Sequence[Module]) -> dict[str, set[str]]:
    """Return what each module imports."""
    known = {module.name for module in modules}
    return {module.name: imports_of(module, known) for module in modules}


def rooms_both_ways(modules: Sequence[Module], graph: Graph) -> list[str]:
    """Return the pairs of rooms, folders directly below the package, that import each other."""
    room = {module.name: module.room for module in modules}
    ways = {(room[name], room[target]) for name, targets in graph.items() for target in targets}
    both = [(left, right) for left, right in ways if (right, left) in ways]
    return sorted(f"{left} and {right}" for left, right in both if "" < left < right)


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, straight or by way of others."""
    groups = nx.strongly_connected_components(directed(graph))
    return sorted(sorted(group) for group in groups if len(group) > 1)


def directed(graph: Graph) -> "nx.DiGraph[str]":
    """Return a graph as networkx takes it, always in the same order."""
    ordered = {name: sorted(targets) for name, targets in sorted(graph.items())}
    return nx.DiGraph(ordered)
