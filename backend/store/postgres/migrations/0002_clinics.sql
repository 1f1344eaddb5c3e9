-- +goose Up
-- What became of the appointment, by the word of the clinic; '': nothing said yet.
ALTER TABLE bookings ADD COLUMN visit text COLLATE "C" NOT NULL DEFAULT '' CHECK (visit IN ('', 'arrived', 'vaccinated', 'no_show'));
-- A clinic's day.
CREATE INDEX booking_at ON bookings (opening, slot) WHERE status = 'booked';
-- Read at every start, among a million records of other kinds.
CREATE INDEX ledger_unused ON ledger (seq) WHERE kind = 'unused';
