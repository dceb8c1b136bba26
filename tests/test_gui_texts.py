"""All texts of the window go through tr(), to be translated: the marks are those that pylupdate6 finds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import REPOSITORY

MODULES = sorted((REPOSITORY / "app/kith/gui").glob("*.py"))
MARKS = {"tr", "translate", "QT_TRANSLATE_NOOP"}
# What is no text of the window: names of people's photos apart, what is counted (kith.text words that), keys, logs.
NO_TEXTS = {"counted", "QKeySequence", "exception", "info", "error", "setProperty", "setShortcut", "getLogger"}
EXCEPT = {
    "help.py",  # a report of a problem, for whoever reads reports
    "style.py", "window_memory.py", "thumbnails.py",
}  # fmt: skip
KEYS = {
    "Actions", "Bodies", "DISPLAY", "Esc", "Faces", "JPEG", "Kith", "Left", "QT_QPA_PLATFORM", "Right",
    "WAYLAND_DISPLAY", "XCV", "left out",
}  # fmt: skip


def _is_text(text: str) -> bool:
    """Say whether that is read by a user: words, or one that begins with a capital letter; no style sheet."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    is_style = ":" in text and (";" in text or "{" in text)
    is_key = text in KEYS or text.startswith(("Ctrl+", "<"))
    is_long = len(words) > 1 and " " in text
    return not is_style and not is_key and (is_long or (text[:1].isupper() and bool(words)))


def _shown(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of what stands in no mark, docstring, annotation or key."""
    apart: set[int] = set()
    for node in ast.walk(tree):
        apart |= {id(part) for inside in _apart(node) for part in ast.walk(inside)}
    for node in ast.walk(tree):
        match node:
            case _ if id(node) in apart:
                pass
            case ast.Constant(value=str(text)):
                yield node.lineno, text


def _apart(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(value=ast.Constant()):
            yield node
        case ast.Call(func=function) if _name(function) in MARKS | NO_TEXTS:
            yield node
        case ast.FunctionDef(args=arguments, returns=returns):
            every = (*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            yield from (argument.annotation for argument in every if argument and argument.annotation)
            if returns:
                yield returns
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.Subscript(slice=index):
            yield index
        case ast.Compare(comparators=others):
            yield from others


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _untranslated(module: Path) -> list[str]:
    tree = ast.parse(module.read_text("utf-8"))
    return [f"{module.name}:{line}: {text}" for line, text in _shown(tree) if _is_text(text)]


def test_every_text_can_be_translated() -> None:
    found = [text for module in MODULES if module.name not in EXCEPT for text in _untranslated(module)]
    assert found == []


def test_no_class_that_others_are_made_from_asks_by_its_objects_class() -> None:
    """PyQt's tr() asks under the name of the object's class; what is marked is found under that of its own."""
    nodes = [node for module in MODULES for node in ast.walk(ast.parse(module.read_text("utf-8")))]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    bases = {_name(base) for node in classes for base in node.bases}
    calls = [(node.name, call) for node in classes if node.name in bases for call in ast.walk(node)]
    assert [name for name, call in calls if isinstance(call, ast.Call) and _name(call.func) == "tr"] == []


@pytest.mark.parametrize(
    "code",
    [
        'def f(a): a.setText("Hello you")',
        'def f(name): return f"{name} is here now"',
        'WORDS = ("Hello", "You")',
        'def f(self): return self.tr("a") + "Hello"',
    ],
)
def test_a_text_that_goes_through_nothing_is_found(tmp_path: Path, code: str) -> None:
    module = tmp_path / "page.py"
    module.write_text(code, "utf-8")
    assert _untranslated(module)


def test_a_text_that_is_marked_is_none_to_be_found(tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    code = (
        'A = QT_TRANSLATE_NOOP("Kith", "Hello you")\ndef f(self): return self.tr("Hello"), translate("Kith", A), "key"'
    )
    module.write_text(code, "utf-8")
    assert _untranslated(module) == []
