-- +goose Up
-- What people have to be told, written in the same commit as what it tells. number is that of the ledger record which tells
-- the same, times 1024, and one more for each further message of that event: rows come in at the end of the table, and those
-- of one event are found without an index. A row is written with every booking, so it has few columns, and no CHECK, which
-- would take as long as all of the rest.
CREATE TABLE outbox (
	number   INTEGER PRIMARY KEY,
	channel  TEXT NOT NULL,
	next_at  INTEGER NOT NULL, -- Unix ms, UTC: when to send it
	body     TEXT NOT NULL, -- JSON: what is told, about whom (a pseudonym), in which language
	sealed   BLOB, -- name, phone and e-mail address, encrypted; gone once the message is not pending any more
	state    TEXT NOT NULL DEFAULT 'pending', -- pending, sent, failed, dropped
	attempts INTEGER NOT NULL DEFAULT 0,
	due_at   INTEGER, -- Unix ms, UTC: when it was to be sent at first, where it was tried since
	ended_at INTEGER, -- Unix ms, UTC: when it stopped being pending
	reason   TEXT -- why it failed, or has to be tried again
);
CREATE INDEX outbox_due ON outbox (channel, next_at) WHERE state = 'pending';
CREATE INDEX outbox_failed ON outbox (channel) WHERE state = 'failed';

-- The outbox as people read it.
CREATE VIEW outbox_text AS
	SELECT body ->> 'about' || '.' || number AS id, body ->> 'kind' AS kind, channel, body ->> 'lang' AS lang, body ->> 'about' AS about,
		state, attempts, reason, datetime(coalesce(due_at, next_at) / 1000, 'unixepoch') AS due_at,
		datetime(next_at / 1000, 'unixepoch') AS next_at, datetime(ended_at / 1000, 'unixepoch') AS ended_at FROM outbox;
