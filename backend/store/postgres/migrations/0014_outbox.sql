-- +goose Up
-- What people have to be told, written in the same commit as what it tells. number is that of the ledger record which tells
-- the same, times 1024, and one more for each further message of that event: rows come in at the end of the table, and those
-- of one event are found by their numbers.
CREATE TABLE outbox (
	number   bigint PRIMARY KEY,
	channel  text COLLATE "C" NOT NULL,
	next_at  timestamptz NOT NULL, -- when to send it
	body     json NOT NULL, -- what is told, about whom (a pseudonym), in which language
	sealed   bytea, -- name, phone and e-mail address, encrypted; gone once the message is not pending any more
	state    text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
	attempts bigint NOT NULL DEFAULT 0,
	due_at   timestamptz, -- when it was to be sent at first, where it was tried since
	ended_at timestamptz, -- when it stopped being pending
	reason   text -- why it failed, or has to be tried again
);
CREATE INDEX outbox_due ON outbox (channel, next_at, number) WHERE state = 'pending';
CREATE INDEX outbox_failed ON outbox (channel) WHERE state = 'failed';

-- The outbox as people read it.
CREATE VIEW outbox_text AS
	SELECT body ->> 'about' || '.' || number AS id, body ->> 'kind' AS kind, channel, body ->> 'lang' AS lang, body ->> 'about' AS about,
		state, attempts, reason, coalesce(due_at, next_at) AS due_at, next_at, ended_at FROM outbox;
