-- +goose Up
ALTER TABLE slots ADD COLUMN dose INTEGER NOT NULL DEFAULT 1 CHECK (dose IN (1, 2));
-- The booking of the other dose that was made with this one; '': none.
ALTER TABLE bookings ADD COLUMN pair TEXT NOT NULL DEFAULT '';
