-- +goose Up
CREATE INDEX ledger_schedules ON ledger (seq) WHERE kind = 'schedule';
