-- +goose Up
-- Whom a provider found to be who they are, and nothing of what it told.
CREATE TABLE identities (
	opening  TEXT NOT NULL,
	subject  BLOB NOT NULL,
	provider TEXT NOT NULL,
	at       INTEGER NOT NULL -- Unix ms, UTC
);
CREATE UNIQUE INDEX identity_of ON identities (subject, opening);
