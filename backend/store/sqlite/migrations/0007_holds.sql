-- +goose Up
-- Doses that are kept for somebody for a few minutes. The ledger hears nothing of them.
CREATE TABLE holds (
	opening    TEXT NOT NULL,
	subject    BLOB NOT NULL,
	slot       TEXT NOT NULL,
	second     TEXT NOT NULL, -- slot of the second dose; '' where there is none
	expires_at INTEGER NOT NULL, -- Unix ms, UTC
	PRIMARY KEY (subject, opening)
) WITHOUT ROWID;
CREATE INDEX hold_ends ON holds (expires_at);
