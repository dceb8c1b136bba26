"""The tables of library.sqlite: their first two versions as scripts, and those of today."""

JOURNALLED = {
    "persons": ("id", "name", "birth", "death", "notes", "hidden", "added_at"),
    "person_folders": ("id", "folder", "person_id"),
    "aliases": ("id", "person_id", "name"),
    "person_fields": ("id", "person_id", "key", "value"),
    "links": ("id", "appearance_id", "person_id", "word", "source", "score", "model_id", "made_at"),
    "ignored": ("appearance_id", "made_at"),
}


def _triggers(table: str, columns: tuple[str, ...]) -> str:
    """Return the triggers that write a row as it was to the open change: sqlite.org/undoredo.html."""
    key = columns[0]
    values = ", ".join(f"'{name}', {_exact(name)}" for name in columns)
    steps = {"INSERT": ("NEW", "NULL"), "UPDATE": ("OLD", f"json_object({values})")}
    steps["DELETE"] = steps["UPDATE"]
    return "\n".join(
        f"CREATE TRIGGER journal_{table}_{event.lower()} AFTER {event} ON {table} WHEN EXISTS (TABLE_OPEN) BEGIN "
        f"INSERT INTO change_steps (change_id, table_name, row_id, before) "
        f"SELECT change_id, '{table}', {row}.{key}, {before} FROM open_change; END;"
        for event, (row, before) in steps.items()
    ).replace("TABLE_OPEN", "SELECT 1 FROM open_change")


def _exact(column: str) -> str:
    """Return a column of the old row for JSON, whose numbers have 15 digits only."""
    return "iif(OLD.score IS NULL, NULL, printf('%!.17g', OLD.score))" if column == "score" else f"OLD.{column}"


TRIGGERS = "\n".join(_triggers(table, columns) for table, columns in JOURNALLED.items())


FIRST_VERSIONS = (
    """
    CREATE TABLE photos (             -- objective: a photo is its image data
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        image_hash TEXT NOT NULL UNIQUE,
        width INTEGER NOT NULL,       -- as stored, before EXIF orientation, as every box below
        height INTEGER NOT NULL,
        orientation INTEGER NOT NULL,
        taken_at TEXT,
        camera TEXT,
        phash INTEGER,
        added_at TEXT NOT NULL
    );
    CREATE TABLE files (              -- where a photo was last seen; a name that is no Unicode is a BLOB
        path PRIMARY KEY,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX files_by_photo ON files (photo_id);
    CREATE TABLE analyses (           -- one look at a photo by one set of models
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        engine_id TEXT NOT NULL,
        orientation INTEGER NOT NULL,
        made_at TEXT NOT NULL,
        UNIQUE (photo_id, engine_id, orientation)
    );
    CREATE TABLE appearances (        -- somebody shows in a photo, at this place
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        x REAL, y REAL, w REAL, h REAL
    );
    CREATE INDEX appearances_by_photo ON appearances (photo_id);
    CREATE TABLE observations (       -- a model saw them; never edited
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id),
        analysis_id INTEGER NOT NULL REFERENCES analyses (id),
        kind TEXT NOT NULL CHECK (kind IN ('face', 'body')),
        model_id TEXT NOT NULL,
        x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,
        score REAL NOT NULL,
        sharpness REAL NOT NULL,
        pixels REAL NOT NULL,
        frontality REAL NOT NULL,
        weak INTEGER NOT NULL,
        vector BLOB NOT NULL,         -- float32, little-endian
        mirror BLOB
    );
    CREATE INDEX observations_by_appearance ON observations (appearance_id);
    CREATE INDEX observations_by_analysis ON observations (analysis_id);
    CREATE TABLE persons (            -- subjective: the name is a label, not a key
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        folder TEXT UNIQUE,           -- their folder in the dataset, if they have one
        added_at TEXT NOT NULL
    );
    CREATE TABLE links (              -- linking: who says that an appearance is, or is not, a person
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id),
        person_id INTEGER NOT NULL REFERENCES persons (id),
        word TEXT NOT NULL CHECK (word IN ('is', 'is_not')),
        source TEXT NOT NULL CHECK (source IN ('dataset', 'user', 'machine')),
        score REAL,
        model_id TEXT,
        made_at TEXT NOT NULL,
        UNIQUE (appearance_id, person_id, source)
    );
    CREATE INDEX links_by_person ON links (person_id);
    CREATE TABLE copies (             -- each copy is written down before it is made
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        person_id INTEGER REFERENCES persons (id),
        output NOT NULL,              -- the output folder; its Unknown folder where person_id is null
        target NOT NULL UNIQUE,
        sha256 TEXT,                  -- of the copy as it was made; null before that
        made_at TEXT NOT NULL
    );
    CREATE INDEX copies_by_photo ON copies (photo_id, output);
    """,
    """
    CREATE TABLE new_persons (        -- subjective: the name is a label, not a key
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        birth TEXT,                   -- YYYY, YYYY-MM or YYYY-MM-DD, as death
        death TEXT,
        notes TEXT NOT NULL DEFAULT '',
        hidden INTEGER NOT NULL DEFAULT 0,
        added_at TEXT NOT NULL
    );
    CREATE TABLE person_folders (     -- whom a folder of the dataset teaches
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES persons (id)
    );
    INSERT INTO person_folders (folder, person_id) SELECT folder, id FROM persons WHERE folder IS NOT NULL;
    INSERT INTO new_persons (id, name, added_at) SELECT id, name, added_at FROM persons;
    DROP TABLE persons;
    ALTER TABLE new_persons RENAME TO persons;
    CREATE INDEX person_folders_by_person ON person_folders (person_id);
    CREATE TABLE aliases (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        name TEXT NOT NULL,
        UNIQUE (person_id, name)
    );
    CREATE TABLE person_fields (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (person_id, key)
    );
    CREATE TABLE ignored (            -- the user said: nobody I want to know
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id),
        made_at TEXT NOT NULL
    );
    CREATE TABLE unknown_groups (     -- appearances of nobody known that resemble each other
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id),
        group_id INTEGER NOT NULL
    );
    CREATE INDEX unknown_groups_by_group ON unknown_groups (group_id);
    CREATE INDEX copies_by_person ON copies (person_id);
    CREATE TABLE changes (            -- what the user did, one row each
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made_at TEXT NOT NULL,
        action TEXT NOT NULL,
        summary TEXT NOT NULL,
        last_link INTEGER NOT NULL DEFAULT 0,  -- the newest link when it was done, and the newest person
        last_person INTEGER NOT NULL DEFAULT 0,
        undone_at TEXT
    );
    CREATE TABLE change_steps (       -- the rows that a change touched, as they were before; null where they are new
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        change_id INTEGER NOT NULL REFERENCES changes (id),
        table_name TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        before TEXT
    );
    CREATE INDEX change_steps_by_change ON change_steps (change_id);
    CREATE TABLE open_change (change_id INTEGER NOT NULL);  -- one row within a change's transaction, else none
    """
    + TRIGGERS,
)

_SOURCES = "('dataset', 'user', 'machine')"
_PATH_TYPES = "IN ('text', 'blob')"  # a name that is no Unicode is kept as bytes
# Since version 3: typed tables that take nothing else, a photo for each way up, and where each copy came from.
TABLES = {
    "photos": """(                     -- objective: a photo is its image data, and the way up its files hold it
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        image_hash TEXT NOT NULL,
        width INTEGER NOT NULL CHECK (width > 0),    -- as stored, before EXIF orientation, as every box below
        height INTEGER NOT NULL CHECK (height > 0),
        orientation INTEGER NOT NULL CHECK (orientation BETWEEN 1 AND 8),
        taken_at TEXT,
        camera TEXT,
        phash INTEGER,
        added_at TEXT NOT NULL,
        carried_at TEXT,              -- when its file took the place of another content that shows the same
        UNIQUE (image_hash, orientation)) STRICT""",
    "files": f"""(                     -- where a photo was last seen
        path ANY PRIMARY KEY CHECK (typeof(path) {_PATH_TYPES}),
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "analyses": """(                   -- one look at a photo by one set of models
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        engine_id TEXT NOT NULL,
        orientation INTEGER NOT NULL CHECK (orientation BETWEEN 1 AND 8),
        made_at TEXT NOT NULL,
        UNIQUE (photo_id, engine_id, orientation)) STRICT""",
    "appearances": """(                -- somebody shows in a photo, at this place
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        x REAL, y REAL, w REAL, h REAL,
        CHECK ((x IS NULL) = (y IS NULL) AND (x IS NULL) = (w IS NULL) AND (x IS NULL) = (h IS NULL))) STRICT""",
    "observations": """(               -- a model saw them; never edited
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id),
        analysis_id INTEGER NOT NULL REFERENCES analyses (id),
        kind TEXT NOT NULL CHECK (kind IN ('face', 'body')),
        model_id TEXT NOT NULL,
        x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,
        score REAL NOT NULL,
        sharpness REAL NOT NULL,
        pixels REAL NOT NULL,
        frontality REAL NOT NULL,
        weak INTEGER NOT NULL CHECK (weak IN (0, 1)),
        vector BLOB NOT NULL CHECK (length(vector) > 0 AND length(vector) % 4 = 0),  -- float32, little-endian
        mirror BLOB CHECK (length(mirror) = length(vector))) STRICT""",
    "persons": """(                    -- subjective: the name is a label, not a key
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL CHECK (name != ''),
        birth TEXT CHECK (birth GLOB '[0-9][0-9][0-9][0-9]*'),  -- YYYY, YYYY-MM or YYYY-MM-DD, as death
        death TEXT CHECK (death GLOB '[0-9][0-9][0-9][0-9]*'),
        notes TEXT NOT NULL DEFAULT '',
        hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
        added_at TEXT NOT NULL) STRICT""",
    "person_folders": """(             -- whom a folder of the dataset teaches
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES persons (id)) STRICT""",
    "aliases": """(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        name TEXT NOT NULL CHECK (name != ''),
        UNIQUE (person_id, name)) STRICT""",
    "person_fields": """(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person_id INTEGER NOT NULL REFERENCES persons (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        UNIQUE (person_id, key)) STRICT""",
    "links": f"""(                     -- linking: who says that an appearance is, or is not, a person
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        appearance_id INTEGER NOT NULL REFERENCES appearances (id),
        person_id INTEGER NOT NULL REFERENCES persons (id),
        word TEXT NOT NULL CHECK (word IN ('is', 'is_not')),
        source TEXT NOT NULL CHECK (source IN {_SOURCES}),
        score REAL,
        model_id TEXT,
        made_at TEXT NOT NULL,
        UNIQUE (appearance_id, person_id, source)) STRICT""",
    "ignored": """(                    -- the user said: nobody I want to know
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id),
        made_at TEXT NOT NULL) STRICT""",
    "unknown_groups": """(             -- appearances of nobody known that resemble each other
        appearance_id INTEGER PRIMARY KEY REFERENCES appearances (id),
        group_id INTEGER NOT NULL) STRICT""",
    "copies": f"""(                    -- each copy is written down before it is made
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        photo_id INTEGER NOT NULL REFERENCES photos (id),
        person_id INTEGER REFERENCES persons (id),
        output ANY NOT NULL CHECK (typeof(output) {_PATH_TYPES}),  -- its Unknown folder where person_id is null
        target ANY NOT NULL UNIQUE CHECK (typeof(target) {_PATH_TYPES}),
        sha256 TEXT CHECK (length(sha256) = 64),  -- of the copy as it was made; null before that
        made_at TEXT NOT NULL,
        source ANY CHECK (source IS NULL OR typeof(source) {_PATH_TYPES}),  -- the file it was made of, as it then was
        source_size INTEGER,
        source_mtime_ns INTEGER) STRICT""",
    "changes": """(                    -- what the user did, one row each
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made_at TEXT NOT NULL,
        action TEXT NOT NULL,
        summary TEXT NOT NULL,
        last_link INTEGER NOT NULL DEFAULT 0,  -- the newest link when it was done, and the newest person
        last_person INTEGER NOT NULL DEFAULT 0,
        undone_at TEXT) STRICT""",
    "change_steps": """(               -- the rows that a change touched, as they were before; null where they are new
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        change_id INTEGER NOT NULL REFERENCES changes (id),
        table_name TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        before TEXT CHECK (before IS NULL OR json_valid(before))) STRICT""",
    "open_change": "(change_id INTEGER NOT NULL) STRICT",  # one row within a change's transaction, else none
}
INDEXES = """
    CREATE INDEX files_by_photo ON files (photo_id);
    CREATE INDEX appearances_by_photo ON appearances (photo_id);
    CREATE INDEX observations_by_appearance ON observations (appearance_id);
    CREATE INDEX observations_by_analysis ON observations (analysis_id);
    CREATE INDEX person_folders_by_person ON person_folders (person_id);
    CREATE INDEX links_by_person ON links (person_id);
    CREATE INDEX links_by_source ON links (source, word);
    CREATE INDEX unknown_groups_by_group ON unknown_groups (group_id);
    CREATE INDEX copies_by_photo ON copies (photo_id, output);
    CREATE INDEX copies_by_person ON copies (person_id);
    CREATE INDEX copies_by_output ON copies (output);
    CREATE INDEX change_steps_by_change ON change_steps (change_id);
"""
