"""The tables of library.sqlite as they are today, and what each column admits."""

from collections.abc import Iterable

from kith.policies import FileAs

_QUALITIES = ("sharpness", "pixels", "frontality")
# Parents first, as in TABLES below; of those in _ONLY just some rows.
JOURNALLED = {
    "photos": (
        *("id", "image_hash", "width", "height", "orientation"),
        *("taken_at", "camera", "phash", "added_at", "carried_at", "stacked_on", "colours"),
    ),
    "analyses": ("id", "photo_id", "engine_id", "orientation", "made_at"),
    "appearances": ("id", "photo_id", "x", "y", "w", "h"),  # that the user enters
    "observations": (
        *("id", "appearance_id", "analysis_id", "kind", "model_id", "x", "y", "w", "h", "score"),
        *(*_QUALITIES, "weak", "vector", "mirror"),
    ),
    "persons": ("id", "name", "birth", "death", "notes", "hidden", "added_at"),
    "person_folders": ("id", "folder", "person_id"),
    "aliases": ("id", "person_id", "name"),
    "person_fields": ("id", "person_id", "key", "value"),
    "links": ("id", "appearance_id", "person_id", "word", "source", "score", "model_id", "made_at"),
    "ignored": ("appearance_id", "made_at"),
    "key_faces": ("id", "person_id", "appearance_id"),
    "person_ids": ("id", "person_id", "code"),
    "contradictions": ("id", "appearance_id", "person_id", "word", "made_at"),
    "unknown_groups": ("appearance_id", "group_id", "settled"),
    "applied_settings": ("id", "key", "value"),
}

# Of what the machine sees only what was taken over from elsewhere, which is gone when that is undone.
_ONLY = {
    "photos": "{row}.image_hash GLOB 'import:*'",
    "analyses": "{row}.engine_id GLOB 'import:*'",
    "observations": "EXISTS (SELECT 1 FROM analyses WHERE id = {row}.analysis_id AND engine_id GLOB 'import:*')",
}
REAL = frozenset({"score", "x", "y", "w", "h", *_QUALITIES})  # columns of theirs that hold numbers with a point
BLOBS = frozenset({"vector", "mirror"})  # and bytes, which JSON has as hexadecimal digits


def _triggers(table: str, columns: tuple[str, ...]) -> str:
    """Return the triggers that write a row as it was to the open change: sqlite.org/undoredo.html."""
    key = columns[0]
    values = ", ".join(f"'{name}', {_exact(name)}" for name in columns)
    steps = {"INSERT": ("NEW", "NULL"), "UPDATE": ("OLD", f"json_object({values})")}
    steps["DELETE"] = steps["UPDATE"]
    only = _ONLY.get(table, "1")
    return "\n".join(
        f"CREATE TRIGGER journal_{table}_{event.lower()} AFTER {event} ON {table} "
        f"WHEN EXISTS (TABLE_OPEN) AND {only.format(row=row)} BEGIN "
        f"INSERT INTO change_steps (change_id, table_name, row_id, before) "
        f"SELECT change_id, '{table}', {row}.{key}, {before} FROM open_change; END;"
        for event, (row, before) in steps.items()
    ).replace("TABLE_OPEN", "SELECT 1 FROM open_change")


def _exact(column: str) -> str:
    """Return a column of the old row for JSON, whose numbers have 15 digits only, and which has no bytes."""
    if column in BLOBS:
        return f"iif(OLD.{column} IS NULL, NULL, hex(OLD.{column}))"
    return f"iif(OLD.{column} IS NULL, NULL, printf('%!.17g', OLD.{column}))" if column in REAL else f"OLD.{column}"


def triggers(tables: Iterable[str]) -> str:
    """Return the triggers that write down what a change does to these tables."""
    return "\n".join(_triggers(table, JOURNALLED[table]) for table in tables)


# What is reckoned from tables as a whole holds until any of their rows is another.
_RECKONED = {
    "duplicates": {"files": "", "photos": "phash, width, height, colours, taken_at, camera"},
    "standing": {
        **dict.fromkeys(
            ("files", "appearances", "observations", "links", "ignored", "unknown_groups", "suggestions"), ""
        ),
        "photos": "image_hash, orientation, stacked_on",
        "analyses": "engine_id, orientation",
        "copies": "photo_id, sha256",
    },
}


def _stale(reckoned: str, table: str, columns: str) -> str:
    """Return the triggers that take away what is reckoned from a table, or from some of its columns."""
    update = f"UPDATE OF {columns}" if columns else "UPDATE"
    events = (update,) if table == "photos" else ("INSERT", update, "DELETE")  # a photo alone counts for nothing
    return "\n".join(
        f"CREATE TRIGGER {reckoned}_{table}_{event.split()[0].lower()} AFTER {event} ON {table} "
        f"BEGIN DELETE FROM {reckoned}; END;"
        for event in events
    )


_STALE = "\n".join(
    _stale(reckoned, table, columns) for reckoned, tables in _RECKONED.items() for table, columns in tables.items()
)
TRIGGERS = f"{triggers(JOURNALLED)}\n{_STALE}"

# Since version 3: typed tables that take nothing else, a photo for each way up, and where each copy came from.
# Parents come before those that refer to them, and what is journalled before the journal; CHECKS below says what a
# column admits beyond its type.
TABLES = {
    "photos": """                      -- objective: a photo is its image data, and the way up its files hold it
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        image_hash TEXT NOT NULL,
        width INTEGER NOT NULL,       -- as stored, before EXIF orientation, as every box below
        height INTEGER NOT NULL,
        orientation INTEGER NOT NULL,
        taken_at TEXT,
        camera TEXT,
        phash INTEGER,
        added_at TEXT NOT NULL,
        carried_at TEXT,              -- when its file took the place of another content that shows the same
        stacked_on INTEGER REFERENCES photos (id),  -- the photo that it is the raw file of, which is looked at
        colours INTEGER NOT NULL DEFAULT 2,  -- photos.facts.Colours; all of them where earlier versions looked
        UNIQUE (image_hash, orientation)""",
    "files": """                       -- where a photo was last seen
        path ANY PRIMARY KEY,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL""",
    "analyses": """                    -- one look at a photo by one set of models
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        engine_id TEXT NOT NULL,
        orientation INTEGER NOT NULL,
        made_at TEXT NOT NULL""",
    "appearances": """                 -- somebody shows in a photo, at this place
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        x REAL, y REAL, w REAL, h REAL""",
    "observations": """                -- a model saw them; never edited
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id) ON DELETE CASCADE,
        analysis_id INTEGER NOT NULL REFERENCES analyses (id),
        kind TEXT NOT NULL,
        model_id TEXT NOT NULL,
        x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,
        score REAL NOT NULL,
        sharpness REAL NOT NULL,
        pixels REAL NOT NULL,
        frontality REAL NOT NULL,
        weak INTEGER NOT NULL,
        vector BLOB NOT NULL,         -- float32, little-endian
        mirror BLOB""",
    "persons": """                     -- subjective: the name is a label, not a key
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        birth TEXT,                   -- YYYY, YYYY-MM or YYYY-MM-DD, as death
        death TEXT,
        notes TEXT NOT NULL DEFAULT '',
        hidden INTEGER NOT NULL DEFAULT 0,
        added_at TEXT NOT NULL""",
    "person_folders": """              -- whom a folder of the dataset teaches
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES persons (id)""",
    "aliases": """
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        name TEXT NOT NULL,
        UNIQUE (person_id, name)""",
    "person_fields": """
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (person_id, key)""",
    "key_faces": """                   -- by which the user knows a person at a glance
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL UNIQUE REFERENCES persons (id),
        appearance_id INTEGER NOT NULL REFERENCES appearances (id) ON DELETE CASCADE""",
    "person_ids": """                  -- by which other libraries know a person again
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
        code TEXT NOT NULL UNIQUE""",
    "links": """                       -- linking: who says that an appearance is, or is not, a person
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        word TEXT NOT NULL,
        source TEXT NOT NULL,
        score REAL,
        model_id TEXT,
        made_at TEXT NOT NULL,
        UNIQUE (appearance_id, person_id, source)""",
    "ignored": """                     -- the user said: nobody I want to know
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id) ON DELETE CASCADE,
        made_at TEXT NOT NULL""",
    "contradictions": """              -- what another library says and this one does not: kept, without effect
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id) ON DELETE CASCADE,
        person_id INTEGER REFERENCES persons (id) ON DELETE CASCADE,  -- nobody where it is ignored there
        word TEXT NOT NULL,
        made_at TEXT NOT NULL""",
    "unknown_groups": """              -- appearances of nobody known that resemble each other
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id) ON DELETE CASCADE,
        group_id INTEGER NOT NULL,
        settled INTEGER NOT NULL DEFAULT 0     -- whether the user said so""",
    "suggestions": """                 -- whom the machine takes an appearance for without being sure
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE""",
    "failures": """                    -- files that could not be read as photos when they were last tried
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path ANY NOT NULL UNIQUE,
        reason TEXT NOT NULL,
        failed_at TEXT NOT NULL""",
    "copies": """                      -- each copy is written down before it is made
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        person_id INTEGER REFERENCES persons (id),
        output ANY NOT NULL,          -- the output folder; its Unknown folder where person_id is null
        target ANY NOT NULL UNIQUE,
        sha256 TEXT,                  -- of the copy as it was made; null before that
        made_at TEXT NOT NULL,
        source ANY,                   -- the file it was made of, as it then was
        source_size INTEGER,
        source_mtime_ns INTEGER,
        kind TEXT NOT NULL DEFAULT 'copy',
        moved_from ANY                -- of a photo that was moved itself: where it lay""",
    "runs": """                        -- each time photos were filed by a job
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        began_at TEXT NOT NULL,
        ended_at TEXT,                -- null while it is at work, and where it was killed
        job TEXT NOT NULL,
        undone_at TEXT,
        told TEXT,                    -- how many photos came to what, as JSON
        filed TEXT                    -- since it ended: photos it touched, new copies and output folders, as JSON""",
    "run_copies": """                  -- what a run touched, as it was before; without a target where it is new
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        copy_id INTEGER NOT NULL,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        person_id INTEGER,
        output ANY NOT NULL,
        target ANY,
        sha256 TEXT,
        kind TEXT,
        UNIQUE (run_id, copy_id)""",
    "moved_folders": """               -- the folders that a run moved photos out of, as old as they were before
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        path ANY NOT NULL,
        mtime_ns INTEGER NOT NULL,
        UNIQUE (run_id, path)""",
    "written_names": """               -- the people whom Kith wrote to a sidecar or a photo's own file
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        path ANY NOT NULL UNIQUE,
        names TEXT NOT NULL,          -- what is Kith's in it, by field, as JSON
        sha256 TEXT NOT NULL""",
    "duplicates": """                  -- one row: which photos are the same as others, while no file changes
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photos TEXT NOT NULL          -- group by group, the best first, as JSON""",
    "standing": """                    -- how things stand, counted once by each question, while nothing of it changes
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        asked TEXT NOT NULL UNIQUE,
        counts TEXT NOT NULL          -- as JSON""",
    "applied_settings": """            -- by which the user last had everything decided, as JSON
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL""",
    "changes": """                     -- what the user did, one row each
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made_at TEXT NOT NULL,
        action TEXT NOT NULL,
        summary TEXT NOT NULL,
        last_link INTEGER NOT NULL DEFAULT 0,  -- the newest link when it was done, and the newest person
        last_person INTEGER NOT NULL DEFAULT 0,
        undone_at TEXT""",
    "change_steps": """                -- the rows that a change touched, as they were before; null where they are new
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        change_id INTEGER NOT NULL REFERENCES changes (id),
        table_name TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        before TEXT""",
    "calibrations": """                -- how sure distances of a face model make, fitted to this library's people
        model_id TEXT PRIMARY KEY NOT NULL,
        numbers TEXT NOT NULL,        -- values.calibration as JSON
        made_at TEXT NOT NULL""",
    "open_change": """                 -- one row within a change's transaction, else none
        change_id INTEGER NOT NULL""",
}
# Tables that version 3 has not: since which version they are there. Columns may be newer, too, with a default.
NEWER = {
    "calibrations": 4,
    "key_faces": 5,
    "applied_settings": 5,
    "suggestions": 5,
    "failures": 5,
    "runs": 6,
    "run_copies": 6,
    "moved_folders": 6,
    "written_names": 6,
    "duplicates": 7,
    "person_ids": 7,
    "contradictions": 7,
    "standing": 8,
}
# Since which version a part is made as it is today.
ALTERED = {("table", name): 8 for name in ("analyses", "photos", "runs")}
ALTERED |= {("index", name): 8 for name in ("analyses_by_photo", "copies_by_photo")}
_TRIGGERS = ("journal_photos_update", "journal_photos_delete", "duplicates_photos_update")
ALTERED |= {("trigger", name): 8 for name in _TRIGGERS}
ALTERED[("index", "links_by_source")] = 9
_NUMBER = "BETWEEN -1e300 AND 1e300"  # finite
_PATH = "IN ('text', 'blob')"  # a name that is no Unicode is kept as bytes
_DATE = "GLOB '[0-9][0-9][0-9][0-9]*'"
_MOST = {"x": 10, "y": 1e12}  # of videos `y` tells when, too: kith.photos.box
_BOX = {name: f"{name} BETWEEN -10 AND {most:.0f}" for name, most in _MOST.items()}
_BOX |= {name: f"{name} BETWEEN 0 AND 10" for name in "wh"}
_WHOLE = "(x IS NULL) = (y IS NULL) AND (x IS NULL) = (w IS NULL) AND (x IS NULL) = (h IS NULL)"
_WAY_UP = {"orientation": "orientation BETWEEN 1 AND 8"}
# An empty (null) value passes where the column admits it.
CHECKS: dict[str, dict[str, str]] = {
    "photos": {"width": "width > 0", "height": "height > 0", **_WAY_UP, "colours": "colours BETWEEN 0 AND 2"},
    "files": {"path": f"typeof(path) {_PATH}"},
    "analyses": _WAY_UP,
    "appearances": {name: f"{_WHOLE} AND {check}" for name, check in _BOX.items()},
    "observations": {
        "kind": "kind IN ('face', 'body')",
        **_BOX,
        **{name: f"{name} {_NUMBER}" for name in ("score", "sharpness", "pixels", "frontality")},
        "weak": "weak IN (0, 1)",
        "vector": "length(vector) > 0 AND length(vector) % 4 = 0",
        "mirror": "length(mirror) = length(vector)",
    },
    "persons": {
        "name": "name != ''",
        "birth": f"birth {_DATE}",
        "death": f"death {_DATE}",
        "hidden": "hidden IN (0, 1)",
    },
    "aliases": {"name": "name != ''"},
    "contradictions": {"word": "word IN ('is', 'is_not', 'ignored')"},
    "unknown_groups": {"settled": "settled IN (0, 1)"},
    "links": {
        "word": "word IN ('is', 'is_not')",
        "source": "source IN ('dataset', 'user', 'machine')",
        "score": f"score {_NUMBER}",
    },
    "copies": {
        "output": f"typeof(output) {_PATH}",
        "target": f"typeof(target) {_PATH}",
        "sha256": "length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'",
        "source": f"source IS NULL OR typeof(source) {_PATH}",
        "kind": f"kind IN {tuple(map(str, FileAs))}",
        "moved_from": f"moved_from IS NULL OR typeof(moved_from) {_PATH}",
    },
    "runs": {
        "told": "told IS NULL OR json_valid(told)",
        "filed": "filed IS NULL OR json_valid(filed)",
    },
    "written_names": {"path": f"typeof(path) {_PATH}", "names": "json_valid(names)"},
    "duplicates": {"photos": "json_valid(photos)"},
    "standing": {"counts": "json_valid(counts)"},
    "applied_settings": {"value": "json_valid(value)"},
    "failures": {"path": f"typeof(path) {_PATH}"},
    "calibrations": {"numbers": "json_valid(numbers)"},
    "change_steps": {
        "table_name": f"table_name IN {tuple(JOURNALLED)}",
        "before": "before IS NULL OR json_valid(before)",
    },
}


def definition(table: str) -> str:
    """Return what follows the name of a table where it is made."""
    checks = "".join(f",\n        CHECK ({check})" for check in CHECKS.get(table, {}).values())
    return f"({TABLES[table]}{checks}) STRICT{', WITHOUT ROWID' if table == 'files' else ''}"


INDEXES = """
    CREATE INDEX photos_by_time ON photos (taken_at);
    CREATE INDEX photos_by_stack ON photos (stacked_on) WHERE stacked_on IS NOT NULL;
    CREATE INDEX suggestions_by_person ON suggestions (person_id);
    CREATE INDEX files_by_photo ON files (photo_id);
    CREATE INDEX analyses_by_photo ON analyses (photo_id);
    CREATE INDEX appearances_by_photo ON appearances (photo_id);
    CREATE INDEX observations_by_appearance ON observations (appearance_id, kind);
    CREATE INDEX observations_by_analysis ON observations (analysis_id);
    CREATE INDEX person_folders_by_person ON person_folders (person_id);
    CREATE INDEX links_by_person ON links (person_id, source, word, appearance_id);
    CREATE INDEX links_by_source ON links (source, word) WHERE source != 'machine';
    CREATE INDEX key_faces_by_appearance ON key_faces (appearance_id);
    CREATE INDEX person_ids_by_person ON person_ids (person_id);
    CREATE INDEX contradictions_by_appearance ON contradictions (appearance_id);
    CREATE INDEX contradictions_by_person ON contradictions (person_id);
    CREATE INDEX unknown_groups_by_group ON unknown_groups (group_id);
    CREATE INDEX copies_by_photo ON copies (photo_id);
    CREATE INDEX copies_by_person ON copies (person_id);
    CREATE INDEX copies_by_output ON copies (output);
    CREATE INDEX written_names_by_photo ON written_names (photo_id);
    CREATE INDEX change_steps_by_change ON change_steps (change_id);
"""
