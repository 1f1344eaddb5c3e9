package web_test

import (
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// A list that is corrected counts from then on, for the very person who was refused by it.
func TestPeopleCoveredElsewhereCannotBook(t *testing.T) {
	h := open(t, 100)
	cover := func(people ...subject.ID) {
		t.Helper()
		in := booking.Import{Lists: map[string]*roster.Set{"covered-elsewhere": roster.NewSet(people)}, At: h.clock()}
		if err := h.store.Import(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	cover(h.subject(rrn(1)), h.subject(rrn(2)))
	one, two, three := h.admit(1), h.admit(2), h.admit(3)
	refused(t, h.book(1, slotOf(1), one, "key-0001"), 403, "not_eligible")
	want(t, h.book(3, slotOf(1), three, "key-0003"), 201, nil)
	cover(h.subject(rrn(2)))
	want(t, h.book(1, slotOf(1), one, "key-0001"), 201, nil)
	refused(t, h.book(2, slotOf(1), two, "key-0002"), 403, "not_eligible")
}
