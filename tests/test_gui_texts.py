"""Texts of widgets go through tr(), so that they can be translated."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import REPOSITORY

MODULES = sorted((REPOSITORY / "app/kith/gui").glob("*.py"))
SHOWS = {
    "setText", "setWindowTitle", "setToolTip", "setAccessibleName", "setPlaceholderText", "addButton", "QPushButton",
    "Label", "wrapped", "narrow", "ChoiceButton", "set_tip", "QGroupBox", "QCheckBox", "ReadPane",
}  # fmt: skip


def _texts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the texts that an argument may be, as they stand there."""
    match node:
        case ast.Constant(value=str(text)) if any(map(str.isalpha, text)) and text != "Kith":
            yield node
        case ast.JoinedStr(values=parts):
            words = (part.value for part in parts if isinstance(part, ast.Constant))
            if any(sum(map(str.isalpha, str(word))) > 1 for word in words):
                yield node
        case ast.IfExp(body=one, orelse=other):
            yield from (*_texts(one), *_texts(other))
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _texts(item)


def _untranslated(module: Path) -> Iterator[str]:
    """Yield the texts that methods hand to a widget without tr(); functions without a self have none to ask."""
    tree = ast.parse(module.read_text("utf-8"))
    methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _has_self(node)]
    for call in (node for method in methods for node in ast.walk(method) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in SHOWS:
            for argument in call.args:
                yield from (f"{module.name}:{text.lineno}: {ast.unparse(text)}" for text in _texts(argument))


def _has_self(function: ast.FunctionDef) -> bool:
    return bool(function.args.args) and function.args.args[0].arg == "self"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_every_text_of_a_widget_can_be_translated(module: Path) -> None:
    assert list(_untranslated(module)) == []


def test_a_text_without_tr_is_found(tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    module.write_text(
        'class A:\n def f(self):\n  self.a.setText("Hello")\n  self.b.setText(self.tr("Hello"))\n', "utf-8"
    )
    assert list(_untranslated(module)) == ["page.py:3: 'Hello'"]
