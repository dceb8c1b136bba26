"""Photos stacked on others: the raw file of a photo is filed along with it, and never looked at by itself."""

from collections.abc import Collection
from pathlib import Path

from kith.library.connection import LibraryConnection
from kith.library.paths import FileState, path_text, path_value
from kith.library.soundness import whole

# Of rows `p` of the photos: by the index of the few that are stacked, the table itself left alone.
NOT_STACKED = "p.id NOT IN (SELECT id FROM photos WHERE stacked_on IS NOT NULL)"

_SHOWN = "appearance_id IN (SELECT id FROM appearances WHERE photo_id = ?)"
# What models saw in a photo, and the machine made of it. What the user said stays.
_FORGET = (
    f"DELETE FROM observations WHERE {_SHOWN}",
    "DELETE FROM analyses WHERE photo_id = ?",
    f"DELETE FROM links WHERE source = 'machine' AND {_SHOWN}",
    f"DELETE FROM suggestions WHERE {_SHOWN}",
    f"DELETE FROM unknown_groups WHERE NOT settled AND {_SHOWN}",
)


class StackRecords:
    """Which photo each stacked one is filed with."""

    def __init__(self, connection: LibraryConnection) -> None:
        self._connection = connection

    def leader(self, photo_id: int) -> int:
        """Return the photo that a stacked one is filed with; any other is its own."""
        query = "SELECT stacked_on FROM photos WHERE id = ? AND stacked_on IS NOT NULL"
        row = self._connection.execute(query, (photo_id,)).fetchone()
        return row[0] if row else photo_id

    def with_stacked(self, photo_id: int) -> list[int]:
        """Return a photo's leader, and all that are stacked on that."""
        leader = self.leader(photo_id)
        rows = self._connection.execute("SELECT id FROM photos WHERE stacked_on = ? ORDER BY id", (leader,))
        return [leader, *(row[0] for row in rows)]

    def files(self, photo_id: int, among: Collection[Path]) -> dict[FileState, int]:
        """Return those of some files, as they were last read, that hold a photo stacked on this one, with its id."""
        rows = self._connection.read(
            "files",
            lambda row: (FileState(path_text(row[0]), whole(row[1]), whole(row[2])), row[3]),
            "SELECT f.path, f.path, f.size, f.mtime_ns, p.id FROM files f JOIN photos p ON p.id = f.photo_id "
            f"WHERE p.stacked_on = ? AND f.path IN ({', '.join('?' * len(among))}) ORDER BY f.path",
            (photo_id, *map(path_value, among)),
        )
        return dict(rows)

    def put(self, photo_id: int, leader: int) -> None:
        """Stack a photo on another: what was seen in it is seen in that."""
        for statement in _FORGET:
            self._connection.execute(statement, (photo_id,))
        self._connection.execute("UPDATE photos SET stacked_on = ? WHERE id = ?", (leader, photo_id))

    def take_off(self, photo_id: int) -> int | None:
        """Let a photo be one of its own, and return the one that it was stacked on, if it was."""
        leader = self.leader(photo_id)
        self._connection.execute("UPDATE photos SET stacked_on = NULL WHERE id = ?", (photo_id,))
        return None if leader == photo_id else leader
