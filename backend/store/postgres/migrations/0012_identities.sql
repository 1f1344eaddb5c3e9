-- +goose Up
-- Whom a provider found to be who they are, and nothing of what it told.
CREATE TABLE identities (
	seq      bigint PRIMARY KEY, -- of the record in the ledger that says so
	opening  text COLLATE "C" NOT NULL,
	subject  bytea NOT NULL,
	provider text COLLATE "C" NOT NULL,
	at       timestamptz NOT NULL
);
CREATE UNIQUE INDEX identity_of ON identities (subject, opening);
