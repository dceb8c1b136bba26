"""The settings, group by group, as their model describes them."""

from functools import partial
from itertools import chain
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from kith.errors import BadInput, BadSetting
from kith.gui.background import Newest
from kith.gui.fitting_dialog import ScrolledPage, room_on
from kith.gui.folders import ChooseFile, ChooseFiles, ChooseFolder, choose_file, choose_files, choose_folder
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import Label, without_icons, wrapped
from kith.gui.setting_field import SettingField
from kith.gui.setting_preview import SettingPreview
from kith.gui.style import let_shine_through
from kith.setting_rules import decide_otherwise, to_be_tried
from kith.settings import Loaded, Settings, conflicts, load, save, with_overrides
from kith.settings_model import FIELDS, PATHS

_PROBLEMS_HEIGHT = 100
_FOLDERS = QT_TRANSLATE_NOOP("Kith", "Folders")
_GROUPS = {
    _FOLDERS: ("dataset_dir", "process_dir", "processed_dir", "file_as", "duplicates", "file_under"),
    QT_TRANSLATE_NOOP("Kith", "Faces"): (
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
    QT_TRANSLATE_NOOP("Kith", "Bodies"): (
        "body_policy",
        "body_tol",
        "event_gap",
        "person_detector",
        "reid_model",
        "reid_weights",
    ),
    QT_TRANSLATE_NOOP("Kith", "Watching"): ("watch", "gentle", "gentle_cores", "quiet_hours"),
    QT_TRANSLATE_NOOP("Kith", "Photos"): ("valid_exts", "recursive", "names_in", "resize_max", "max_megapixels"),
}
_GROUPED = set(chain.from_iterable(_GROUPS.values()))
_ADVANCED = tuple(key for key in FIELDS if key not in _GROUPED)
GROUPS = {**_GROUPS, QT_TRANSLATE_NOOP("Kith", "Advanced"): _ADVANCED}

_PREVIEWED = ("Faces", "Bodies")
_TRYING = QT_TRANSLATE_NOOP("Kith", "Trying it …")

# The table of the articles that the program's settings come from.
STRICTNESS = (
    (0.6, QT_TRANSLATE_NOOP("Kith", "standard")),
    (0.5, QT_TRANSLATE_NOOP("Kith", "strict")),
    (0.4, QT_TRANSLATE_NOOP("Kith", "very strict")),
    (0.35, QT_TRANSLATE_NOOP("Kith", "extremely strict")),
)


class SettingsDialog(QDialog):
    """Edits a settings file; keys in it that Kith does not know stay. `choose_folder` and its like ask the user.

    `applied` tells of settings saved that decide otherwise than those before, by both.
    """

    applied = pyqtSignal(object, object)

    def __init__(self, settings_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.choose_folder: ChooseFolder = partial(choose_folder, self)
        self.choose_file: ChooseFile = partial(choose_file, self)
        self.choose_files: ChooseFiles = partial(choose_files, self)
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
            self.pages.addTab(page, translate("Kith", title))
        self.failure = wrapped(bold=True)
        self.failure.hide()
        self.preview = SettingPreview()
        self._try = Newest(self, pause_ms=0)
        beside = QHBoxLayout()
        beside.addWidget(self.pages, 3)
        beside.addWidget(self.preview, 2)
        column = QVBoxLayout(self)
        column.addWidget(problems)
        column.addLayout(beside, 1)
        column.addWidget(self.failure)
        column.addWidget(self._buttons())
        self.resize(QSize(960, 560).boundedTo(room_on(self)))
        self.pages.currentChanged.connect(self._show_preview)
        for field in self.fields.values():
            field.changed.connect(self._look_at_all)
        self._look_at_all()
        self._show_preview()
        self.preview.begin(settings)

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.save_button = QPushButton(self.tr("&Save"))
        self.save_button.setDefault(True)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        reset = QPushButton(self.tr("Reset All but Folders"))
        reset.clicked.connect(self._reset)
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)  # the last one: Tab skips what was added before
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.reset_button = reset
        return buttons

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Have words alone on the buttons."""
        without_icons(self)
        super().showEvent(event)

    def accept(self) -> None:
        """Save and close, or lead to the first value that cannot be; model files and folders are tried before."""
        if self._leads_to_problem():
            return
        chosen = self._chosen()
        if changed := to_be_tried(self._settings, chosen):
            self._tell(translate("Kith", _TRYING))
            self.save_button.setEnabled(False)
            self._try.ask(lambda _stop: _refusals(chosen, changed), partial(self._tried, chosen))
        else:
            self._save(chosen)

    def _tried(self, chosen: Settings, problems: dict[str, str]) -> None:
        self.save_button.setEnabled(True)
        self.failure.hide()
        for key, reason in problems.items():
            self.fields[key].say_conflict(reason)
        if not self._leads_to_problem():
            self._save(chosen)

    def _leads_to_problem(self) -> bool:
        for field in self.fields.values():
            if field.problem.text():
                self._lead_to(field)
                return True
        return False

    def _save(self, chosen: Settings) -> None:
        try:
            save(self._file, chosen)
        except BadInput as error:
            self._tell(error.message)
            return
        super().accept()
        if decide_otherwise(self._settings, chosen):
            self.applied.emit(self._settings, chosen)

    def _tell(self, text: str) -> None:
        self.failure.setText(text)
        self.failure.show()

    def _look_at_all(self) -> None:
        """Say which fields do not fit each other, and what all of them would come to."""
        if not all(field.is_sound for field in self.fields.values()):
            return
        chosen = self._chosen()
        found = conflicts(chosen)
        for key, field in self.fields.items():
            field.say_conflict(found.get(key, ""))
        self.preview.show_settings(chosen)

    def _show_preview(self) -> None:
        self.preview.setVisible(list(GROUPS)[self.pages.currentIndex()] in _PREVIEWED)

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

    def _ask_for_path(self, field: SettingField) -> None:
        field.ask_for_path(self.choose_folder, self.choose_file, self.choose_files)

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
            field.choose.clicked.connect(partial(self._ask_for_path, field))
            column.addWidget(field)
            if key == "face_tol":
                column.addWidget(_strictness_table())
                column.addSpacing(10)
        column.addStretch()
        scrolled = QScrollArea()
        scrolled.setWidget(page)
        let_shine_through(scrolled)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        return scrolled


def _refusals(settings: Settings, keys: frozenset[str]) -> dict[str, str]:
    from kith.jobs.model_trials import refusals

    return {key: in_window(reason) for key, reason in refusals(settings, keys).items()}


def _list_of_problems(loaded: Loaded) -> str:
    problems = [f"• {problem}" for problem in loaded.problems]
    return "\n".join([f"{loaded.path}:", *problems])


def _strictness_table() -> QGroupBox:
    box = QGroupBox(translate("Kith", "How strict a tolerance is"))
    grid = QGridLayout(box)
    for row, (distance, word) in enumerate(STRICTNESS):
        number = Label(f"{distance}")
        grid.addWidget(number, row, 0, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(Label(translate("Kith", word)), row, 1)
    grid.setColumnStretch(1, 1)
    grid.setHorizontalSpacing(16)
    words = wrapped(
        translate(
            "Kith",
            "This usual table compares a face with the one nearest photo of a person. Kith compares with their three "
            "nearest photos, and left to itself (0) goes by how likely it is that they are one person: one distance "
            "does not fit people with one photo and with thirty.",
        )
    )
    grid.addWidget(words, len(STRICTNESS), 0, 1, 2)
    return box
