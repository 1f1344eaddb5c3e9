-- +goose Up
-- Signatures of how far the ledger went. They stand beside the ledger and not in it: what they sign must not depend on them.
CREATE TABLE checkpoints (
	seq       INTEGER NOT NULL,
	at        INTEGER NOT NULL, -- Unix ns, UTC: signed as it is
	hash      BLOB NOT NULL,
	key       INTEGER NOT NULL,
	signature BLOB NOT NULL,
	PRIMARY KEY (seq, at)
) WITHOUT ROWID;
