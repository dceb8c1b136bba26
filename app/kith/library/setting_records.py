"""The settings by which the user last had everything decided, so that a change of them can be taken back."""

from collections.abc import Mapping

from kith.library.connection import LibraryConnection


class SettingRecords:
    """Reads and writes them: JSON by key."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def note(self, values: Mapping[str, str]) -> None:
        """Keep these values instead of earlier ones, within the caller's transaction or change."""
        self._connection.executemany(
            "INSERT INTO applied_settings (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value != excluded.value",
            list(values.items()),
        )
