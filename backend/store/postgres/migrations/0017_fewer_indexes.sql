-- +goose Up
-- Both were written to at a different page for every booking, which took half of its time. A slot's bookings are known by number
-- in memory. That nobody has a dose twice is decided there, too; no other writer can decide beside it, because each booking comes
-- with a record of the ledger, and there is one record of each number.
DROP INDEX booking_at;
DROP INDEX booking_of;
