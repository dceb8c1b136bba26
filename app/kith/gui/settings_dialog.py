"""The settings, group by group, as their model describes them."""

from functools import partial
from itertools import chain
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QGroupBox,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from kith.errors import BadInput, BadSetting
from kith.gui.fitting_dialog import ScrolledPage
from kith.gui.folders import ChooseFolder, choose_folder
from kith.gui.plain_text import Label, wrapped
from kith.gui.setting_field import SettingField
from kith.settings import Loaded, Settings, load, save, with_overrides
from kith.settings_model import FIELDS, PATHS

_PROBLEMS_HEIGHT = 100
_FOLDERS = "Folders"
_GROUPS = {
    _FOLDERS: ("dataset_dir", "process_dir", "processed_dir"),
    "Faces": (
        "sure_at",
        "suggest_at",
        "face_tol",
        "face_margin",
        "face_suggest",
        "lap_var_thresh",
        "face_detector",
        "min_face",
        "face_model",
        "second_opinion",
    ),
    "Bodies": ("body_policy", "body_tol", "event_gap", "person_detector", "reid_model", "reid_weights"),
    "Photos": ("valid_exts", "recursive", "resize_max", "max_megapixels"),
}
_GROUPED = set(chain.from_iterable(_GROUPS.values()))
_ADVANCED = tuple(key for key in FIELDS if key not in _GROUPED)
GROUPS = {**_GROUPS, "Advanced": _ADVANCED}

# The table of the articles that the program's settings come from.
STRICTNESS = ((0.6, "standard"), (0.5, "strict"), (0.4, "very strict"), (0.35, "extremely strict"))


class SettingsDialog(QDialog):
    """Edits a settings file; keys in it that Kith does not know stay. `choose_folder` asks the user for a folder."""

    def __init__(self, settings_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.choose_folder: ChooseFolder = partial(choose_folder, self)
        loaded = load(settings_file)
        settings = loaded.settings
        self._file = loaded.path
        self._settings = settings
        self.fields = {key: SettingField(key, settings, self._problem_with) for key in FIELDS}
        self.problems = wrapped(_list_of_problems(loaded))
        told = QVBoxLayout()
        told.addWidget(self.problems)
        problems = ScrolledPage(told)
        problems.setMaximumHeight(_PROBLEMS_HEIGHT)
        problems.setVisible(bool(loaded.problems))
        self.pages = QTabWidget()
        for title, keys in GROUPS.items():
            page = self._page(keys)
            self.pages.addTab(page, title)
        self.failure = wrapped(bold=True)
        self.failure.hide()
        column = QVBoxLayout(self)
        for widget in (problems, self.pages, self.failure, self._buttons()):
            column.addWidget(widget)
        self.resize(620, 560)

    def _buttons(self) -> QDialogButtonBox:
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Save | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        reset = QPushButton("Reset All but Folders")
        reset.clicked.connect(self._reset)
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        self.save_button = buttons.button(standard.Save)
        self.reset_button = reset
        return buttons

    def accept(self) -> None:
        """Save and close, or lead to the first value that cannot be."""
        for field in self.fields.values():
            if field.problem.text():
                self._lead_to(field)
                return
        try:
            save(self._file, self._chosen())
        except BadInput as error:
            self.failure.setText(error.message)
            self.failure.show()
        else:
            super().accept()

    def _chosen(self) -> Settings:
        """Return what the fields say; a relative path stays one, from the folder of the file."""
        settings = self._settings
        texts = {key: field.text for key, field in self.fields.items()}
        paths = {key: texts.pop(key) for key in PATHS}
        changed = with_overrides(settings, texts)
        values = changed.model_dump() | paths
        return Settings.at(settings.folder, values)

    def _problem_with(self, key: str, text: str) -> str:
        try:
            with_overrides(self._settings, {key: text})
        except BadSetting as error:
            return error.reason
        return ""

    def _lead_to(self, field: SettingField) -> None:
        for index, keys in enumerate(GROUPS.values()):
            if field.key in keys:
                self.pages.setCurrentIndex(index)
        field.widget.setFocus()

    def _reset(self) -> None:
        """Reset all but the folders: where the user's photos lie is no matter of taste."""
        for key, field in self.fields.items():
            if key not in GROUPS[_FOLDERS]:
                field.reset()

    def _page(self, keys: tuple[str, ...]) -> QScrollArea:
        page = QWidget()
        column = QVBoxLayout(page)
        for key in keys:
            field = self.fields[key]
            field.choose.clicked.connect(lambda _, field=field: field.ask_for_folder(self.choose_folder))
            column.addWidget(field)
            if key == "face_tol":
                column.addWidget(_strictness_table())
                column.addSpacing(10)
        column.addStretch()
        scrolled = QScrollArea()
        scrolled.setWidget(page)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        return scrolled


def _list_of_problems(loaded: Loaded) -> str:
    problems = [f"• {problem}" for problem in loaded.problems]
    return "\n".join([f"{loaded.path}:", *problems])


def _strictness_table() -> QGroupBox:
    box = QGroupBox("How strict a tolerance is")
    grid = QGridLayout(box)
    for row, (distance, word) in enumerate(STRICTNESS):
        number = Label(f"{distance}")
        grid.addWidget(number, row, 0, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(Label(word), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setHorizontalSpacing(16)
    words = wrapped(
        "This usual table compares a face with the one nearest photo of a person. Kith compares with their three "
        "nearest photos, and left to itself (0) goes by how likely it is that they are one person: one distance does "
        "not fit people with one photo and with thirty."
    )
    grid.addWidget(words, len(STRICTNESS), 0, 1, 2)
    return box
