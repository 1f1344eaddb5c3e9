package postgres

import (
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Each statement takes the rows of a whole group at once, a column an argument.
const (
	sqlHold    = `SELECT hold_writer($1)`
	sqlReadmit = `UPDATE admissions a SET epoch = n.epoch, rank = n.rank, schedule_version = n.schedule_version, pass = n.pass,
			pass_before = n.pass_before, expires_at = n.expires_at
		FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[], $8::timestamptz[])
			AS n (opening, subject, epoch, rank, schedule_version, pass, pass_before, expires_at)
		WHERE a.subject = n.subject AND a.opening = n.opening`
	sqlAmend = `UPDATE bookings b SET slot = n.slot, status = n.status, ended_at = n.ended_at, visit = n.visit
		FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS n (no, slot, status, ended_at, visit) WHERE b.no = n.no`
	sqlCheckpoint = `INSERT INTO checkpoints (seq, at, hash, key, signature) VALUES ($1, $2, $3, $4, $5)`

	copyRecords    = `COPY ledger (seq, at, kind, data, hash) FROM STDIN (FORMAT binary)`
	copyAdmissions = `COPY admissions (seq, opening, subject, epoch, rank, schedule_version, pass, pass_before, admitted_at, expires_at)
		FROM STDIN (FORMAT binary)`
	copyBookings = `COPY bookings (no, opening, subject, dose, slot, status, epoch, rank, pass_sha256, key_sha256, body_hash,
		booked_at, ended_at, sealed, visit, pair) FROM STDIN (FORMAT binary)`
)

var statements = []string{
	sqlHold, sqlReadmit, sqlAmend, sqlCheckpoint, copyRecords, copyAdmissions, copyBookings, sqlPutHold, sqlDropHold, sqlSweepHolds,
	sqlWish, sqlUnwish, sqlOffer, sqlSpare,
	sqlIdentity, sqlAccess,
	sqlMessage, sqlFollowUp, sqlDrop, sqlSettle,
}

// rows are what one group leaves in each table: of a row that it touches several times, the last state.
type rows struct {
	records     []*ledger.Record
	admissions  []admissionRow       // new ones
	admission   map[admissionKey]int // in admissions
	readmitted  []*booking.Admission
	readmission map[admissionKey]int // in readmitted
	bookings    []*booking.Booking   // new ones
	booking     map[string]int       // in bookings, by number
	amended     []*booking.Booking
	amendment   map[string]int // in amended, by number
	holds       holdRows
	leftovers   []*booking.Effect
	identities  []identityRow
	accesses    []*access.Record
	outbox      outboxRows
	copied      copyRows // room
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
		*r = rows{
			admission: map[admissionKey]int{}, readmission: map[admissionKey]int{}, booking: map[string]int{}, amendment: map[string]int{},
		}
	}
	r.holds.reset()
	clear(r.admission)
	clear(r.readmission)
	clear(r.booking)
	clear(r.amendment)
	r.outbox.reset()
	r.records, r.admissions, r.readmitted = r.records[:0], r.admissions[:0], r.readmitted[:0]
	r.bookings, r.amended = r.bookings[:0], r.amended[:0]
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
		r.addBooking(e.Booking)
		r.addBooking(e.Second)
	case ledger.KindChange, ledger.KindCancel, ledger.KindVisit:
		r.amend(e.Booking)
		if e.Second != nil {
			r.amend(e.Second)
		}
	case ledger.KindIdentity:
		r.identities = append(r.identities, identityRow{e.Record.Seq, e.Identified})
	}
}

func (r *rows) addBooking(b *booking.Booking) {
	if b != nil {
		r.booking[b.No] = len(r.bookings)
		r.bookings = append(r.bookings, b)
	}
}

func (r *rows) addAdmission(e *booking.Effect) {
	key := admissionKey{e.Admission.Opening, e.Admission.Subject}
	if i, ok := r.admission[key]; ok {
		r.admissions[i].Admission = e.Admission
		return
	}
	if e.Record.Kind == ledger.KindAdmission {
		r.admission[key] = len(r.admissions)
		r.admissions = append(r.admissions, admissionRow{e.Record.Seq, e.Admission})
		return
	}
	if i, ok := r.readmission[key]; ok {
		r.readmitted[i] = e.Admission
		return
	}
	r.readmission[key] = len(r.readmitted)
	r.readmitted = append(r.readmitted, e.Admission)
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
func (r *rows) queue(b *batch) {
	r.holds.queue(b)
	r.outbox.queue(b)
	if len(r.records) > 0 {
		r.copyRecords(b)
	}
	if len(r.accesses) > 0 {
		queueAccesses(b, r.accesses)
	}
	if len(r.admissions) > 0 {
		r.copyAdmissions(b)
	}
	if len(r.readmitted) > 0 {
		queueReadmitted(b, r.readmitted)
	}
	queueIdentities(b, r.identities)
	if len(r.amended) > 0 {
		no, slot, status, ended := column(r.amended, number), column(r.amended, slot), column(r.amended, status), column(r.amended, ended)
		visit := column(r.amended, func(b *booking.Booking) string { return string(b.Visit) })
		b.Queue(sqlAmend, no, slot, status, ended, visit)
	}
	if len(r.bookings) > 0 {
		r.copyBookings(b)
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

func (r *rows) copyRecords(b *batch) {
	c := &r.copied
	for _, r := range r.records {
		c.row(5)
		c.bigint(int64(r.Seq))
		c.bigint(r.At.UnixNano())
		c.text(r.Kind)
		c.bytes(r.Data)
		c.bytes(r.Hash[:])
	}
	b.Copy(copyRecords, c)
}

func (r *rows) copyAdmissions(b *batch) {
	c := &r.copied
	for _, a := range r.admissions {
		c.row(10)
		c.bigint(int64(a.seq))
		c.text(a.Opening)
		c.bytes(a.Subject[:])
		c.bigint(int64(a.Place.Epoch))
		c.bigint(int64(a.Place.Rank))
		c.bigint(int64(a.ScheduleVersion))
		c.text(a.Pass)
		if before := optional(&a.Before); before != nil {
			c.bytes(before)
		} else {
			c.null()
		}
		c.time(a.AdmittedAt)
		c.time(a.ExpiresAt)
	}
	b.Copy(copyAdmissions, c)
}

func queueReadmitted(b *batch, as []*booking.Admission) {
	b.Queue(sqlReadmit,
		column(as, func(a *booking.Admission) string { return a.Opening }),
		column(as, func(a *booking.Admission) []byte { return a.Subject[:] }),
		column(as, func(a *booking.Admission) int64 { return int64(a.Place.Epoch) }),
		column(as, func(a *booking.Admission) int64 { return int64(a.Place.Rank) }),
		column(as, func(a *booking.Admission) int64 { return int64(a.ScheduleVersion) }),
		column(as, func(a *booking.Admission) string { return a.Pass }),
		column(as, func(a *booking.Admission) []byte { return optional(&a.Before) }),
		column(as, func(a *booking.Admission) time.Time { return a.ExpiresAt }))
}

func optional(h *ledger.Hash) []byte {
	if *h == (ledger.Hash{}) {
		return nil
	}
	return h[:]
}

func (r *rows) copyBookings(b *batch) {
	c := &r.copied
	for _, b := range r.bookings {
		c.row(16)
		c.text(b.No)
		c.text(b.Opening)
		c.bytes(b.Subject[:])
		c.bigint(int64(b.Dose))
		c.text(b.Slot)
		c.text(string(b.Status))
		c.bigint(int64(b.Place.Epoch))
		c.bigint(int64(b.Place.Rank))
		c.bytes(b.PassHash[:])
		c.bytes(b.KeyHash[:])
		c.bytes(b.BodyHash[:])
		c.time(b.BookedAt)
		c.optionalTime(b.EndedAt)
		c.bytes(b.Sealed)
		c.text(string(b.Visit))
		c.text(b.Pair)
	}
	b.Copy(copyBookings, c)
}
