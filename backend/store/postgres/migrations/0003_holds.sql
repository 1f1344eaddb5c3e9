-- +goose Up
-- Doses that are kept for somebody for a few minutes. The ledger hears nothing of them.
CREATE TABLE holds (
	opening    text COLLATE "C" NOT NULL,
	subject    bytea NOT NULL,
	slot       text COLLATE "C" NOT NULL,
	second     text COLLATE "C" NOT NULL, -- slot of the second dose; '' where there is none
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (subject, opening)
);
CREATE INDEX hold_ends ON holds (expires_at);
