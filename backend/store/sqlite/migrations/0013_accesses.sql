-- +goose Up
-- Who looked at whose personal data, when, from where, what for: a chain of its own beside the ledger's. Nothing in it is ever
-- changed or removed.
CREATE TABLE accesses (
	seq    INTEGER PRIMARY KEY,
	at     INTEGER NOT NULL, -- Unix ns, UTC: hashed as it is
	who    TEXT NOT NULL,
	role   TEXT NOT NULL,
	origin TEXT NOT NULL,    -- from where
	whose  BLOB NOT NULL,    -- subject; zeros where it is about nobody in particular
	task   TEXT NOT NULL,
	reason TEXT NOT NULL,
	hash   BLOB NOT NULL
);
CREATE INDEX accesses_whose ON accesses (whose);
-- +goose StatementBegin
CREATE TRIGGER accesses_kept BEFORE UPDATE ON accesses BEGIN SELECT RAISE(ABORT, 'the log of accesses is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accesses_never_removed BEFORE DELETE ON accesses BEGIN SELECT RAISE(ABORT, 'the log of accesses is only added to'); END;
-- +goose StatementEnd
