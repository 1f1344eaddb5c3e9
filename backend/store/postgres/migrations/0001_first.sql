-- +goose Up

-- Whoever writes counts epoch up first, so that a writer that was replaced can tell. One row.
CREATE TABLE writer (
	one   boolean PRIMARY KEY DEFAULT true CHECK (one),
	epoch bigint NOT NULL,
	since timestamptz NOT NULL DEFAULT now(),
	name  text NOT NULL -- its application_name
);
INSERT INTO writer (epoch, name) VALUES (0, '');

-- Keeps others from becoming the writer until the transaction ends, and fails for a writer that was replaced.
-- +goose StatementBegin
CREATE FUNCTION hold_writer(mine bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM writer WHERE epoch = mine FOR SHARE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another writer took over' USING ERRCODE = 'DM001';
	END IF;
END $$;
-- +goose StatementEnd

-- Keys compare by their bytes: no sort order of an operating system can change under an index.
CREATE TABLE openings (
	id      text COLLATE "C" PRIMARY KEY,
	vaccine text NOT NULL,
	stock   bigint NOT NULL -- doses
);

CREATE TABLE clinics (
	opening text COLLATE "C" NOT NULL,
	id      text COLLATE "C" NOT NULL,
	name    text NOT NULL,
	region  text NOT NULL,
	address text NOT NULL,
	vaccine text NOT NULL,
	PRIMARY KEY (opening, id)
);

CREATE TABLE slots (
	opening  text COLLATE "C" NOT NULL,
	id       text COLLATE "C" NOT NULL,
	clinic   text COLLATE "C" NOT NULL,
	at       timestamptz NOT NULL,
	vaccine  text NOT NULL,
	capacity bigint NOT NULL, -- doses
	PRIMARY KEY (opening, id)
);

-- Lists of people by name, each sorted, many people to a row: a list is read whole and never asked by SQL.
CREATE TABLE lists (
	name     text COLLATE "C" NOT NULL,
	chunk    bigint NOT NULL,
	subjects bytea NOT NULL, -- 16 bytes each
	PRIMARY KEY (name, chunk)
);

CREATE TABLE admissions (
	seq              bigint PRIMARY KEY, -- of the record in the ledger that says so first
	opening          text COLLATE "C" NOT NULL,
	subject          bytea NOT NULL,
	epoch            bigint NOT NULL,
	rank             bigint NOT NULL, -- the 64 bits as a signed number
	schedule_version bigint NOT NULL,
	pass             text COLLATE "C" NOT NULL,
	pass_before      bytea, -- SHA-256 of the pass that this one replaced
	admitted_at      timestamptz NOT NULL,
	expires_at       timestamptz NOT NULL
);
CREATE UNIQUE INDEX admission_of ON admissions (subject, opening);

CREATE TABLE bookings (
	no          text COLLATE "C" PRIMARY KEY,
	opening     text COLLATE "C" NOT NULL,
	subject     bytea NOT NULL,
	dose        bigint NOT NULL,
	slot        text COLLATE "C" NOT NULL,
	status      text COLLATE "C" NOT NULL CHECK (status IN ('booked', 'cancelled')),
	epoch       bigint NOT NULL,
	rank        bigint NOT NULL,
	pass_sha256 bytea NOT NULL,
	key_sha256  bytea NOT NULL,
	body_hash   bytea NOT NULL,
	booked_at   timestamptz NOT NULL,
	ended_at    timestamptz,
	sealed      bytea NOT NULL -- personal data, encrypted
);
-- The state in memory holds this already; the index makes it true of the disk as well.
CREATE UNIQUE INDEX booking_of ON bookings (subject, dose) WHERE status = 'booked';

CREATE TABLE ledger (
	seq  bigint PRIMARY KEY,
	at   bigint NOT NULL, -- Unix ns, UTC: hashed as it is
	kind text COLLATE "C" NOT NULL,
	data bytea NOT NULL, -- JSON in UTF-8: hashed as it is
	hash bytea NOT NULL
);
-- Read at every start, among a million records of other kinds.
CREATE INDEX ledger_notes ON ledger (seq) WHERE kind = 'opening';
CREATE INDEX ledger_rehearsals ON ledger (seq) WHERE kind = 'rehearsal';
CREATE INDEX ledger_schedules ON ledger (seq) WHERE kind = 'schedule';

-- Signatures of how far the ledger went. They stand beside the ledger and not in it: what they sign must not depend on them.
CREATE TABLE checkpoints (
	seq       bigint NOT NULL,
	at        bigint NOT NULL, -- Unix ns, UTC: signed as it is
	hash      bytea NOT NULL,
	key       bigint NOT NULL,
	signature bytea NOT NULL,
	PRIMARY KEY (seq, at)
);

-- The ledger as people read it.
CREATE VIEW ledger_text AS
	SELECT seq, to_timestamp(at / 1e9) AS at, kind, convert_from(data, 'UTF8')::json AS data, encode(hash, 'hex') AS hash FROM ledger;
