-- +goose Up
CREATE TABLE openings (
	id      TEXT PRIMARY KEY,
	vaccine TEXT NOT NULL,
	stock   INTEGER NOT NULL -- doses
) WITHOUT ROWID;

CREATE TABLE clinics (
	opening TEXT NOT NULL,
	id      TEXT NOT NULL,
	name    TEXT NOT NULL,
	region  TEXT NOT NULL,
	address TEXT NOT NULL,
	vaccine TEXT NOT NULL,
	PRIMARY KEY (opening, id)
) WITHOUT ROWID;

CREATE TABLE slots (
	opening  TEXT NOT NULL,
	id       TEXT NOT NULL,
	clinic   TEXT NOT NULL,
	at       INTEGER NOT NULL, -- Unix ms, UTC
	vaccine  TEXT NOT NULL,
	capacity INTEGER NOT NULL, -- doses
	PRIMARY KEY (opening, id)
) WITHOUT ROWID;

-- Eligible people, sorted, many to a row: the roster is read whole and never asked by SQL.
CREATE TABLE roster (
	chunk    INTEGER PRIMARY KEY,
	subjects BLOB NOT NULL -- 16 bytes each
);

CREATE TABLE admissions (
	opening          TEXT NOT NULL,
	subject          BLOB NOT NULL,
	epoch            INTEGER NOT NULL,
	rank             INTEGER NOT NULL, -- the 64 bits as a signed number
	schedule_version INTEGER NOT NULL,
	pass             TEXT NOT NULL,
	pass_before      BLOB, -- SHA-256 of the pass that this one replaced
	admitted_at      INTEGER NOT NULL, -- Unix ms, UTC
	expires_at       INTEGER NOT NULL  -- Unix ms, UTC
);
CREATE UNIQUE INDEX admission_of ON admissions (subject, opening);

CREATE TABLE bookings (
	no          TEXT NOT NULL,
	opening     TEXT NOT NULL,
	subject     BLOB NOT NULL,
	dose        INTEGER NOT NULL,
	slot        TEXT NOT NULL,
	status      TEXT NOT NULL CHECK (status IN ('booked', 'cancelled')),
	epoch       INTEGER NOT NULL,
	rank        INTEGER NOT NULL,
	pass_sha256 BLOB NOT NULL,
	key_sha256  BLOB NOT NULL,
	body_hash   BLOB NOT NULL,
	booked_at   INTEGER NOT NULL, -- Unix ms, UTC
	ended_at    INTEGER,          -- Unix ms, UTC
	sealed      BLOB NOT NULL     -- personal data, encrypted
);
CREATE UNIQUE INDEX booking_no ON bookings (no);
-- The state in memory holds this already; the index makes it true of the disk as well.
CREATE UNIQUE INDEX booking_of ON bookings (subject, dose) WHERE status = 'booked';

CREATE TABLE ledger (
	seq  INTEGER PRIMARY KEY,
	at   INTEGER NOT NULL, -- Unix ns, UTC: hashed as it is
	kind TEXT NOT NULL,
	data TEXT NOT NULL,
	hash BLOB NOT NULL
);
CREATE INDEX ledger_notes ON ledger (seq) WHERE kind = 'opening';
