"""The tables of library.sqlite as the first two versions made them, each a script that follows the one before."""

from kith.library.schema import triggers

_JOURNALLED = ("persons", "person_folders", "aliases", "person_fields", "links", "ignored")

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
    CREATE INDEX copies_by_photo ON copies (photo_id);
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
    + triggers(_JOURNALLED),
)
