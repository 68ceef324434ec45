"""The box's SQLite file: schema, journal, outbox, ledger, pruning, and what is kept beside them."""
