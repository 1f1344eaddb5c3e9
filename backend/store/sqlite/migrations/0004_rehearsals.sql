-- +goose Up
-- Read at every start, among a million records of other kinds.
CREATE INDEX ledger_rehearsals ON ledger (seq) WHERE kind = 'rehearsal';
