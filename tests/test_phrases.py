"""A message holds the actions and settings it names as data: the command line and the window word them."""

import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
import typer
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from kith.cli.main import cli
from kith.errors import BadInput, BadPhoto, KithError
from kith.gui.console import Console, Kind
from kith.gui.library_notices import LibraryNotices
from kith.gui.menus import Actions
from kith.gui.phrases import ENTRIES, in_window
from kith.gui.plain_text import Label, message
from kith.messages import Action, Do, Message, Setting, joined

TOLD = Message(
    "Delete it and run ", Do(Action.DOWNLOAD_MODELS, "yunet_2026may"), ". ", Setting("dataset_dir"), " names it."
)
TYPED = "Delete it and run kith models download yunet_2026may. dataset_dir in the settings names it."
CLICKED = "Delete it and run Help ▸ First Steps…. “People folder” in the settings names it."


def test_a_message_reads_as_it_is_typed_or_clicked() -> None:
    assert TOLD == TYPED
    assert in_window(TOLD) == CLICKED
    assert in_window(TYPED) == TYPED, "what is no message, a photo's name perhaps, stays as it is"


def test_parts_stay_parts_within_and_beside_others() -> None:
    both = joined([Message("First: ", TOLD), "then", TOLD])
    assert both == f"First: {TYPED} then {TYPED}"
    assert in_window(both) == f"First: {CLICKED} then {CLICKED}"
    assert joined([]) == ""


@pytest.mark.parametrize("error", [BadInput(TOLD), BadInput(*TOLD.parts), BadPhoto(Path(TYPED), TOLD)], ids=str)
def test_an_error_keeps_its_message_from_process_to_process(error: KithError) -> None:
    passed = pickle.loads(pickle.dumps(error))
    assert type(passed) is type(error)
    assert str(passed) == str(error) == error.message
    assert in_window(passed.message) == in_window(error.message) != str(error)


def test_the_window_words_whatever_it_shows(qtbot: QtBot) -> None:
    label, box, console = Label(), message(None, TOLD), Console(QAction())
    for widget in (label, box, console):
        qtbot.addWidget(widget)
    label.setText(TOLD)
    console.add(Kind.NOTICE, TOLD)
    LibraryNotices(console).emit(logging.makeLogRecord({"msg": TOLD}))
    assert label.text() == box.text() == CLICKED
    assert [line.partition("  ")[2] for line in console.lines()] == [CLICKED] * 2


@pytest.mark.parametrize("action", Action)
def test_every_action_is_a_command_with_its_options(action: Action) -> None:
    command: Any = typer.main.get_group(cli)
    names = action.value.split()
    for name in names:
        if name.startswith("--"):
            assert name in {option for param in command.params for option in param.opts}
        else:
            command = command.commands[name]


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES.values() if "▸" in entry])
def test_every_entry_is_in_the_menus(entry: str, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = window.menuBar()
    assert bar
    Actions(window).fill(bar, lambda: None)
    found = {
        f"{top.text()} ▸ {action.text()}".replace("&", "") for top in bar.actions() for action in top.menu().actions()
    }
    assert entry in found
