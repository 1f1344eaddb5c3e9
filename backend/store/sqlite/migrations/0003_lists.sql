-- +goose Up
-- Lists of people by name, each sorted, many people to a row: a list is read whole and never asked by SQL. The roster
-- is one of them.
CREATE TABLE lists (
	name     TEXT NOT NULL,
	chunk    INTEGER NOT NULL,
	subjects BLOB NOT NULL, -- 16 bytes each
	PRIMARY KEY (name, chunk)
);
INSERT INTO lists (name, chunk, subjects) SELECT 'roster', chunk, subjects FROM roster;
DROP TABLE roster;
