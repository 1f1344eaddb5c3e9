-- +goose Up

-- Who would take a leftover dose, and where.
CREATE TABLE wishes (
	opening     TEXT NOT NULL,
	subject     BLOB NOT NULL,
	region      TEXT NOT NULL,
	clinic      TEXT NOT NULL, -- empty: any of the region
	code_sha256 BLOB NOT NULL,
	at          INTEGER NOT NULL, -- Unix ms, UTC: what the order of asking goes by
	sealed      BLOB NOT NULL,    -- how to reach them, encrypted
	PRIMARY KEY (opening, subject)
) WITHOUT ROWID;

CREATE TABLE offers (
	n           INTEGER PRIMARY KEY, -- in the order of offering
	code_sha256 BLOB NOT NULL UNIQUE,
	opening     TEXT NOT NULL,
	slot        TEXT NOT NULL,
	subject     BLOB NOT NULL,
	at          INTEGER NOT NULL, -- Unix ms, UTC
	until       INTEGER NOT NULL, -- Unix ms, UTC
	event       INTEGER NOT NULL  -- record of the ledger
);

-- Doses of a slot that are kept for people who were offered one.
CREATE TABLE spares (
	opening TEXT NOT NULL,
	slot    TEXT NOT NULL,
	doses   INTEGER NOT NULL,
	PRIMARY KEY (opening, slot)
) WITHOUT ROWID;
