package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Each takes the rows of a whole group at once, a column an argument.
const (
	sqlHold   = `SELECT hold_writer($1)`
	sqlRecord = `INSERT INTO ledger (seq, at, kind, data, hash)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])`
	sqlAdmission = `INSERT INTO admissions (seq, opening, subject, epoch, rank, schedule_version, pass, pass_before, admitted_at, expires_at)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bytea[],
			$9::timestamptz[], $10::timestamptz[])
		ON CONFLICT (subject, opening) DO UPDATE SET epoch = excluded.epoch, rank = excluded.rank,
			schedule_version = excluded.schedule_version, pass = excluded.pass, pass_before = excluded.pass_before,
			expires_at = excluded.expires_at`
	sqlAmend = `UPDATE bookings b SET slot = n.slot, status = n.status, ended_at = n.ended_at, visit = n.visit
		FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS n (no, slot, status, ended_at, visit) WHERE b.no = n.no`
	sqlBooking = `INSERT INTO bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash,
			booked_at, ended_at, sealed)
		SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
			$9::bytea[], $10::bytea[], $11::bytea[], $12::timestamptz[], $13::timestamptz[], $14::bytea[])`
	sqlCheckpoint = `INSERT INTO checkpoints (seq, at, hash, key, signature) VALUES ($1, $2, $3, $4, $5)`
)

var statements = []string{
	sqlHold, sqlRecord, sqlAdmission, sqlAmend, sqlBooking, sqlCheckpoint, sqlPutHold, sqlDropHold, sqlSweepHolds,
	sqlWish, sqlUnwish, sqlOffer, sqlSpare,
	sqlIdentity, sqlAccess,
	sqlMessage, sqlFollowUp, sqlDrop, sqlSettle,
}

// rows are what one group leaves in each table: of a row that it touches several times, the last state.
type rows struct {
	records    []*ledger.Record
	admissions []admissionRow
	admission  map[admissionKey]int // in admissions
	bookings   []*booking.Booking   // new ones
	booking    map[string]int       // in bookings, by number
	amended    []*booking.Booking
	amendment  map[string]int // in amended, by number
	holds      holdRows
	leftovers  []*booking.Effect
	identities []identityRow
	accesses   []*access.Record
	outbox     outboxRows
}

type admissionRow struct {
	seq uint64
	*booking.Admission
}

type admissionKey struct {
	opening string
	subject subject.ID
}

func (r *rows) reset() {
	if r.admission == nil {
		*r = rows{admission: map[admissionKey]int{}, booking: map[string]int{}, amendment: map[string]int{}}
	}
	r.holds.reset()
	clear(r.admission)
	clear(r.booking)
	clear(r.amendment)
	r.outbox.reset()
	r.records, r.admissions, r.bookings, r.amended = r.records[:0], r.admissions[:0], r.bookings[:0], r.amended[:0]
	r.leftovers = r.leftovers[:0]
	r.identities = r.identities[:0]
	r.accesses = r.accesses[:0]
}

// add adds what one operation changed; operations come in their order.
func (r *rows) add(e *booking.Effect) {
	r.outbox.add(e)
	for i := range e.Earlier {
		r.records = append(r.records, &e.Earlier[i])
	}
	r.holds.add(e)
	for i := range e.Accesses {
		r.accesses = append(r.accesses, &e.Accesses[i])
	}
	if e.Record.Kind == "" {
		return
	}
	r.records = append(r.records, &e.Record)
	if e.Leftover() {
		r.leftovers = append(r.leftovers, e)
	}
	switch e.Record.Kind {
	case ledger.KindAdmission, ledger.KindReadmission:
		r.addAdmission(e)
	case ledger.KindBooking:
		r.booking[e.Booking.No] = len(r.bookings)
		r.bookings = append(r.bookings, e.Booking)
	case ledger.KindChange, ledger.KindCancel, ledger.KindVisit:
		r.amend(e.Booking)
	case ledger.KindIdentity:
		r.identities = append(r.identities, identityRow{e.Record.Seq, e.Identified})
	}
}

func (r *rows) addAdmission(e *booking.Effect) {
	key := admissionKey{e.Admission.Opening, e.Admission.Subject}
	if i, ok := r.admission[key]; ok {
		r.admissions[i].Admission = e.Admission
		return
	}
	r.admission[key] = len(r.admissions)
	r.admissions = append(r.admissions, admissionRow{e.Record.Seq, e.Admission})
}

func (r *rows) amend(b *booking.Booking) {
	if i, ok := r.booking[b.No]; ok {
		amended := *b
		amended.Sealed = r.bookings[i].Sealed // amending leaves it as it is and does not bring it
		r.bookings[i] = &amended
		return
	}
	if i, ok := r.amendment[b.No]; ok {
		r.amended[i] = b
		return
	}
	r.amendment[b.No] = len(r.amended)
	r.amended = append(r.amended, b)
}

// queue puts the statements in order: amending before booking, because who cancelled may have booked again.
func (r *rows) queue(b *pgx.Batch) {
	r.holds.queue(b)
	r.outbox.queue(b)
	if len(r.records) > 0 {
		queueRecords(b, r.records)
	}
	if len(r.accesses) > 0 {
		queueAccesses(b, r.accesses)
	}
	if len(r.admissions) > 0 {
		queueAdmissions(b, r.admissions)
	}
	queueIdentities(b, r.identities)
	if len(r.amended) > 0 {
		no, slot, status, ended := column(r.amended, number), column(r.amended, slot), column(r.amended, status), column(r.amended, ended)
		visit := column(r.amended, func(b *booking.Booking) string { return string(b.Visit) })
		b.Queue(sqlAmend, no, slot, status, ended, visit)
	}
	if len(r.bookings) > 0 {
		queueBookings(b, r.bookings)
	}
	for _, e := range r.leftovers {
		queueLeftover(b, e)
	}
}

// column picks one column of rows.
func column[R, T any](rows []R, pick func(R) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = pick(r)
	}
	return out
}

func number(b *booking.Booking) string { return b.No }
func slot(b *booking.Booking) string   { return b.Slot }
func status(b *booking.Booking) string { return string(b.Status) }

func ended(b *booking.Booking) *time.Time {
	if b.EndedAt.IsZero() {
		return nil
	}
	return &b.EndedAt
}

func queueRecords(b *pgx.Batch, rs []*ledger.Record) {
	b.Queue(sqlRecord,
		column(rs, func(r *ledger.Record) int64 { return int64(r.Seq) }),
		column(rs, func(r *ledger.Record) int64 { return r.At.UnixNano() }),
		column(rs, func(r *ledger.Record) string { return r.Kind }),
		column(rs, func(r *ledger.Record) []byte { return r.Data }),
		column(rs, func(r *ledger.Record) []byte { return r.Hash[:] }))
}

func queueAdmissions(b *pgx.Batch, as []admissionRow) {
	b.Queue(sqlAdmission,
		column(as, func(a admissionRow) int64 { return int64(a.seq) }),
		column(as, func(a admissionRow) string { return a.Opening }),
		column(as, func(a admissionRow) []byte { return a.Subject[:] }),
		column(as, func(a admissionRow) int64 { return int64(a.Place.Epoch) }),
		column(as, func(a admissionRow) int64 { return int64(a.Place.Rank) }),
		column(as, func(a admissionRow) int64 { return int64(a.ScheduleVersion) }),
		column(as, func(a admissionRow) string { return a.Pass }),
		column(as, func(a admissionRow) []byte { return optional(&a.Before) }),
		column(as, func(a admissionRow) time.Time { return a.AdmittedAt }),
		column(as, func(a admissionRow) time.Time { return a.ExpiresAt }))
}

func optional(h *ledger.Hash) []byte {
	if *h == (ledger.Hash{}) {
		return nil
	}
	return h[:]
}

func queueBookings(b *pgx.Batch, bs []*booking.Booking) {
	b.Queue(sqlBooking,
		column(bs, number),
		column(bs, func(b *booking.Booking) string { return b.Opening }),
		column(bs, func(b *booking.Booking) []byte { return b.Subject[:] }),
		column(bs, func(b *booking.Booking) int64 { return int64(b.Dose) }),
		column(bs, slot),
		column(bs, status),
		column(bs, func(b *booking.Booking) int64 { return int64(b.Place.Epoch) }),
		column(bs, func(b *booking.Booking) int64 { return int64(b.Place.Rank) }),
		column(bs, func(b *booking.Booking) []byte { return b.PassHash[:] }),
		column(bs, func(b *booking.Booking) []byte { return b.KeyHash[:] }),
		column(bs, func(b *booking.Booking) []byte { return b.BodyHash[:] }),
		column(bs, func(b *booking.Booking) time.Time { return b.BookedAt }),
		column(bs, ended),
		column(bs, func(b *booking.Booking) []byte { return b.Sealed }))
}
