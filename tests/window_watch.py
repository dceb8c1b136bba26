"""What a window does behind its views: which texts it wants translated, and what it touches the disk for."""

import builtins
import io
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from PyQt6.lupdate.python_source import PythonSource
from PyQt6.QtCore import QTranslator
from PyQt6.QtWidgets import QApplication

import kith.gui

GUI = Path(kith.gui.__file__).parent
_TOUCHING = (
    *((os, name) for name in ("stat", "lstat", "scandir", "listdir", "access", "open", "mkdir", "replace", "unlink")),
    (io, "open"),
    (builtins, "open"),
    (sqlite3, "connect"),
)
# Which read what the window's own thread may: the settings, short and where the system keeps such files, and icons.
_OWN = ("settings_in_use.py", "settings_dialog.py", "broken_settings.py", "health_view.py", "style.py")


class Asked(QTranslator):
    """Translates nothing, and keeps which texts were asked for, each with its context."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[tuple[str, str]] = set()

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(self, context: str | None, text: str | None, _more: str | None = None, _n: int = -1) -> str:
        self.texts.add((context or "", text or ""))
        return text or ""  # an empty one would be shown


@contextmanager
def translations(app: QApplication) -> Iterator[Asked]:
    """Keep what is asked for while this lasts."""
    asked = Asked()
    app.installTranslator(asked)
    yield asked
    app.removeTranslator(asked)


def marked() -> set[tuple[str, str]]:
    """Return the texts that pylupdate6 finds in the window's source, each with its context."""
    sources = [PythonSource(filename=str(path), verbose=False) for path in sorted(GUI.glob("*.py"))]
    return {(context.name, one.source) for file in sources for context in file.contexts for one in context.messages}


def touches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which is added who of the program touches the disk in the window's own thread."""
    found: list[str] = []

    def watched(does: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*given: Any, **named: Any) -> Any:
            if threading.current_thread() is threading.main_thread() and (by := _window_calling()):
                found.append(f"{by} {given[:1]}")
            return does(*given, **named)

        return watch

    for module, name in _TOUCHING:
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    return found


def _window_calling() -> str:
    """Return which line of the window called, where no import, and none of the tests, stands between."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        path = Path(frame.f_code.co_filename)
        if "importlib" in str(path) or path.parent.name == "tests":
            return ""
        if path.parent == GUI:
            return "" if path.name in _OWN else f"{path.name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
