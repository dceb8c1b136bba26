"""settings.json: reading it with every bad value named, saving it without loss, and where a user's own lies."""

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from kith.errors import BadInput, BadSetting
from kith.json_file import parse_object, put_aside, update_object
from kith.policies import Device
from kith.setting_rules import conflicts
from kith.setting_types import AUTO, CHOICES, OFF
from kith.settings_model import FIELDS, MODELS, PATHS, Settings

__all__ = [
    "AUTO",
    "OFF",
    "Device",
    "Loaded",
    "SettingHelp",
    "Settings",
    "allowed",
    "conflicts",
    "described",
    "ensure_user_settings",
    "load",
    "load_user_settings",
    "people_folder_is_away",
    "save",
    "settings_table_markdown",
    "start_afresh",
    "update",
    "user_folder",
    "user_settings_file",
    "with_overrides",
]

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Loaded:
    """Settings, what was wrong with their file (a sentence each), and which file that is.

    `broken` says why nothing in the file could be read, and where in it the fault is: the settings are not the user's.
    """

    settings: Settings
    problems: tuple[str, ...]
    path: Path
    broken: str = ""

    def checked(self) -> Settings:
        """The settings; raises BadInput where the file is broken, since the defaults name other folders."""
        if self.broken:
            raise BadInput(
                f"{self.broken}. Nothing was done, since its settings are not known: mend the file, or move it aside "
                "to begin with the defaults."
            )
        return self.settings


@dataclass(frozen=True)
class SettingHelp:
    """One setting explained; the default as it stands in the file."""

    key: str
    default: str
    label: str
    help: str


def load(path: Path) -> Loaded:
    """The settings in a file: bad values are named and replaced by their defaults, a missing file means defaults."""
    path = Path(os.path.abspath(os.path.expanduser(path)))
    folder = path.parent
    try:
        data, problems = parse_object(path.read_bytes())
    except FileNotFoundError:
        data, problems = {}, []
    except (OSError, ValueError) as error:
        broken = f"{path} {_reason(error)}"
        problem = f"{broken}; every setting has its default"
        return Loaded(Settings.at(folder, {}), (problem,), path, broken)
    problems += [f"{_unknown(key)}; it is kept, but not used" for key in data if key not in FIELDS]
    known = {key: value for key, value in data.items() if key in FIELDS}
    bad = _bad_keys(folder, known)
    for key in bad:
        refusal = _refusal(key, _json(known[key]))
        problems.append(f"{key}: {refusal}; the default {_default(key)} is used")
    good = {key: value for key, value in known.items() if key not in bad}
    settings = Settings.at(folder, good)
    problems += [f"{key}: {reason}" for key, reason in conflicts(settings).items()]
    return Loaded(settings, tuple(problems), path)


def save(path: Path, settings: Settings) -> None:
    """Write the settings into a file, atomically; unknown keys, the order of keys and the file's mode are kept.

    Raises BadInput, also for a broken file, which keeps what the user may want to mend.
    """
    update(path, settings.model_dump(mode="json"))


def update(path: Path, values: Mapping[str, object]) -> None:
    """Write some of the settings into a file, as `save` does."""
    try:
        update_object(path, values)
    except (OSError, ValueError) as error:
        raise BadInput(f"The settings could not be saved: {path} {_reason(error)}.") from error


def start_afresh(path: Path) -> Loaded:
    """Put a broken file aside as `settings.json.broken`, and return the settings of a first start. Raises BadInput."""
    try:
        put_aside(path)
    except OSError as error:
        raise BadInput(f"{path} could not be put aside ({error.strerror}).") from error
    return load_user_settings() if path == user_settings_file() else load(path)


def with_overrides(settings: Settings, overrides: Mapping[str, str]) -> Settings:
    """The settings with values given as text: numbers, yes or no, comma lists, paths from the current folder.

    Raises BadInput naming the key, the value and what is allowed.
    """
    folder = settings.folder
    values = settings.model_dump(exclude_unset=True)
    for key, text in overrides.items():
        if key not in FIELDS:
            raise BadInput(_unknown(key))
        value = _from_text(key, text)
        if _bad_keys(folder, {key: value}):
            raise BadSetting(key, _refusal(key, text or _json(text)))
        values[key] = value
    return Settings.at(folder, values) if overrides else settings


def user_folder(kind: Literal["config", "data", "log", "cache"]) -> Path:
    """The user's own folder for one kind of files, by the custom of the system, or below KITH_HOME."""
    home = os.environ.get("KITH_HOME")
    if home:
        folder = os.path.abspath(os.path.expanduser(home))
        return Path(folder) / kind
    folders = platformdirs.PlatformDirs("kith", appauthor=False)
    return {
        "config": folders.user_config_path,
        "data": folders.user_data_path,
        "log": folders.user_log_path,
        "cache": folders.user_cache_path,
    }[kind]


def user_settings_file() -> Path:
    """Where the user's own settings lie unless another file is named."""
    return user_folder("config") / "settings.json"


def ensure_user_settings(repository: Path = REPOSITORY) -> Path:
    """The user's settings file, made from the repository's template on first use; raises BadInput if it cannot be."""
    path = user_settings_file()
    if not os.path.exists(path):
        save(path, _first_settings(repository))
    return path


def load_user_settings(repository: Path = REPOSITORY) -> Loaded:
    """The user's settings, made on first use; the template's where nothing can be written or their file is broken."""
    try:
        loaded = load(ensure_user_settings(repository))
    except BadInput as error:
        return Loaded(_first_settings(repository), (str(error),), user_settings_file())
    return replace(loaded, settings=_first_settings(repository)) if loaded.broken else loaded


def people_folder_is_away(settings: Settings, repository: Path = REPOSITORY) -> bool:
    """Say whether the people folder is not there although it was used: its drive or share is missing, or it was moved.

    One that the user did not name, such as the one that a first start proposes, may be still to be made, unless the
    library knows it.
    """
    folder = settings.dataset_folder
    if os.path.isdir(folder):
        return False
    proposed = {first.dataset_folder for first in (_first_settings(repository), _settings_at_home())}
    is_named = "dataset_dir" in settings.model_fields_set and folder not in proposed
    return is_named or os.path.exists(settings.library_file)


def described() -> tuple[SettingHelp, ...]:
    """Every setting explained, in the order of the file."""
    settings = []
    for key, field in FIELDS.items():
        explained = SettingHelp(key, _default(key), field.title or "", field.description or "")
        settings.append(explained)
    return tuple(settings)


def settings_table_markdown() -> str:
    """The settings table of the README."""
    rows = [f"| `{row.key}` | `{row.default}` | {row.help} |" for row in described()]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def _bad_keys(folder: Path, values: Mapping[str, object]) -> list[str]:
    try:
        Settings.at(folder, values)
    except ValidationError as error:
        keys = [str(detail["loc"][0]) for detail in error.errors()]
        return list(dict.fromkeys(keys))
    return []


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _default(key: str) -> str:
    return _json(FIELDS[key].default)


def _refusal(key: str, value: str) -> str:
    shown = value if len(value) <= 60 else value[:57] + "..."
    return f"{shown} is not {allowed(key)}"


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key.lower(), FIELDS, 1)
    told = f"{key} is no setting of Kith"
    return f"{told} (did you mean {near[0]}?)" if near else told


def allowed(key: str) -> str:
    """What a setting may be, to follow "is not": `a number from 0 to 1`."""
    if key in MODELS:
        return "the name of a model"
    if key in CHOICES:
        return " or ".join(CHOICES[key])
    field = FIELDS[key]
    match field.default:
        case bool():
            return "true or false (yes or no)"
        case int():
            return f"a whole number {_span(field)}"
        case float():
            return f"a number {_span(field)}"
    return _ALLOWED.get(key, "a path")


_ALLOWED = {
    "valid_exts": "a list of file endings such as .jpg",
    "file_under": "folders such as {person}/{year}, of {person}, {year}, {month}, {day} and names that neither begin "
    "nor end with a point or a blank, with {person} in it",
    "encodings_filename": "a bare file name such as encodings.pkl",
    "quiet_hours": "two times of the day such as 22:00-07:00",
    "dask_scheduler": "an address such as tcp://192.168.1.10:8786",
    "path_map": "a list of folders here and there, such as /photos=/mnt/photos",
}


def _span(field: FieldInfo) -> str:
    bounds = {}
    for limit in field.metadata:
        for name in ("ge", "le"):
            if hasattr(limit, name):
                bounds[name] = getattr(limit, name)
    if len(bounds) == 2:
        return f"from {bounds['ge']} to {bounds['le']}"
    return f"of at least {bounds.get('ge')}"


def _from_text(key: str, text: str) -> object:
    """The value that a text on the command line means; the text itself where it means none, to be refused later."""
    default = FIELDS[key].default
    if isinstance(default, bool):
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            return text
    if isinstance(default, tuple):
        return text.split(",")
    if key in PATHS and text:
        return os.path.abspath(os.path.expanduser(text))
    return text


def _first_settings(repository: Path) -> Settings:
    """The template's settings with their folders where a newcomer sees them: beside the README, else in ~/Kith."""
    template = repository / "settings.json"
    settings = load(template).settings if template.is_file() else _settings_at_home()
    return settings.with_absolute_paths()


def _settings_at_home() -> Settings:
    return Settings.at(Path.home() / "Kith", {})


def _reason(error: Exception) -> str:
    return f"cannot be used ({error.strerror})" if isinstance(error, OSError) else str(error)
