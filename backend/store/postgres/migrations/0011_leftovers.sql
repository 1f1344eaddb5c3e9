-- +goose Up

-- Who would take a leftover dose, and where.
CREATE TABLE wishes (
	opening     text COLLATE "C" NOT NULL,
	subject     bytea NOT NULL,
	region      text COLLATE "C" NOT NULL,
	clinic      text COLLATE "C" NOT NULL, -- empty: any of the region
	code_sha256 bytea NOT NULL,
	at          timestamptz NOT NULL, -- what the order of asking goes by
	sealed      bytea NOT NULL,       -- how to reach them, encrypted
	PRIMARY KEY (opening, subject)
);

CREATE TABLE offers (
	n           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- in the order of offering
	code_sha256 bytea NOT NULL UNIQUE,
	opening     text COLLATE "C" NOT NULL,
	slot        text COLLATE "C" NOT NULL,
	subject     bytea NOT NULL,
	at          timestamptz NOT NULL,
	until       timestamptz NOT NULL,
	event       bigint NOT NULL -- record of the ledger
);

-- Doses of a slot that are kept for people who were offered one.
CREATE TABLE spares (
	opening text COLLATE "C" NOT NULL,
	slot    text COLLATE "C" NOT NULL,
	doses   bigint NOT NULL,
	PRIMARY KEY (opening, slot)
);
