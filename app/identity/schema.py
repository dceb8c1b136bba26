"""The tables of library.sqlite, as numbered migrations."""

import sqlite3

from app.errors import BadKnowledgeBase

MIGRATIONS = (
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
    CREATE INDEX copies_by_photo ON copies (photo_id);
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the library to the newest version, one transaction a step.

    Raises BadKnowledgeBase for a newer one and for another program's database, which stay as they are.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "appearances" not in tables:
        raise BadKnowledgeBase(
            "This is another program's database and no library of Kith: let library_path in the settings name a file "
            "of its own. Nothing was changed."
        )
    if version > len(MIGRATIONS):
        raise BadKnowledgeBase(
            f"This library was written by a newer Kith (version {version}, this one knows {len(MIGRATIONS)}): "
            "update Kith. Nothing was changed."
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        except sqlite3.Error:
            connection.rollback()
            raise
