"""The settings, group by group, as their model describes them."""

from functools import partial
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
from kith.settings import Settings, load, save, with_overrides
from kith.settings_model import FIELDS, PATHS

_PROBLEMS_HEIGHT = 100
_FOLDERS = "Folders"
_GROUPS = {
    _FOLDERS: ("dataset_dir", "process_dir", "processed_dir"),
    "Faces": ("face_tol", "face_margin", "face_suggest", "lap_var_thresh", "face_detector", "min_face"),
    "Bodies": ("body_policy", "body_tol", "event_gap", "person_detector", "reid_model", "reid_weights"),
    "Photos": ("valid_exts", "recursive", "resize_max", "max_megapixels"),
}
_GROUPED = {key for keys in _GROUPS.values() for key in keys}
GROUPS = _GROUPS | {"Advanced": tuple(key for key in FIELDS if key not in _GROUPED)}

# The table of the articles that the program's settings come from.
STRICTNESS = ((0.6, "standard"), (0.5, "strict"), (0.4, "very strict"), (0.35, "extremely strict"))


class SettingsDialog(QDialog):
    """Edits a settings file; keys in it that Kith does not know stay. `choose_folder` asks the user for a folder."""

    def __init__(self, settings_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.choose_folder: ChooseFolder = partial(choose_folder, self)
        loaded = load(settings_file)
        self._file, self._settings = loaded.path, loaded.settings
        self.fields = {key: SettingField(key, loaded.settings, self._problem_with) for key in FIELDS}
        self.problems = wrapped("\n".join([f"{loaded.path}:", *(f"• {problem}" for problem in loaded.problems)]))
        told = QVBoxLayout()
        told.addWidget(self.problems)
        problems = ScrolledPage(told)
        problems.setMaximumHeight(_PROBLEMS_HEIGHT)
        problems.setVisible(bool(loaded.problems))
        self.pages = QTabWidget()
        for title, keys in GROUPS.items():
            self.pages.addTab(self._page(keys), title)
        self.failure = wrapped(bold=True)
        self.failure.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.save_button = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.reset_button = QPushButton("Reset All but Folders")
        buttons.addButton(self.reset_button, QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_button.clicked.connect(self._reset)
        column = QVBoxLayout(self)
        for widget in (problems, self.pages, self.failure, buttons):
            column.addWidget(widget)
        self.resize(620, 560)

    def accept(self) -> None:
        """Save and close, or lead to the first value that cannot be."""
        refused = next((field for field in self.fields.values() if field.problem.text()), None)
        if refused:
            self._lead_to(refused)
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
        texts = {key: field.text for key, field in self.fields.items()}
        paths = {key: texts.pop(key) for key in PATHS}
        values = with_overrides(self._settings, texts).model_dump()
        return Settings.at(self._settings.folder, values | paths)

    def _problem_with(self, key: str, text: str) -> str:
        try:
            with_overrides(self._settings, {key: text})
        except BadSetting as error:
            return error.reason
        return ""

    def _lead_to(self, field: SettingField) -> None:
        group = next(index for index, keys in enumerate(GROUPS.values()) if field.key in keys)
        self.pages.setCurrentIndex(group)
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


def _strictness_table() -> QGroupBox:
    box = QGroupBox("How strict a tolerance is")
    grid = QGridLayout(box)
    for row, (distance, word) in enumerate(STRICTNESS):
        grid.addWidget(Label(f"{distance}"), row, 0, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(Label(word), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setHorizontalSpacing(16)
    grid.addWidget(
        wrapped(
            "This usual table compares a face with the one nearest photo of a person. Kith compares with their three "
            f"nearest photos, and its default, {FIELDS['face_tol'].default}, is the value measured for that."
        ),
        len(STRICTNESS),
        0,
        1,
        2,
    )
    return box
