"""What is known, kept: schema, migrations, journal, and the records of each table; all SQL is here."""
