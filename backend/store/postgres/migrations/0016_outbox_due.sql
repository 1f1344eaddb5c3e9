-- +goose Up
-- What waits is counted from the index alone, by when it was to be sent at first.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (channel, next_at, number, due_at) WHERE state = 'pending';
