-- +goose Up
-- Who looked at whose personal data, when, from where, what for: a chain of its own beside the ledger's. Nothing in it is ever
-- changed or removed.
CREATE TABLE accesses (
	seq    bigint PRIMARY KEY,
	at     bigint NOT NULL, -- Unix ns, UTC: hashed as it is
	who    text NOT NULL,
	role   text COLLATE "C" NOT NULL,
	origin text COLLATE "C" NOT NULL, -- from where
	whose  bytea NOT NULL, -- subject; zeros where it is about nobody in particular
	task   text COLLATE "C" NOT NULL,
	reason text NOT NULL,
	hash   bytea NOT NULL
);
CREATE INDEX accesses_whose ON accesses (whose);
-- +goose StatementBegin
CREATE FUNCTION refuse_amending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the log of accesses is only added to' USING ERRCODE = 'DM002';
END $$;
-- +goose StatementEnd
CREATE TRIGGER accesses_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON accesses FOR EACH STATEMENT EXECUTE FUNCTION refuse_amending();
